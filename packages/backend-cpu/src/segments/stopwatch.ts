/** Where the time of a run goes, part by part. */

/**
 * What an image's time goes to. `inter-scan` is the segment between two scans (a layer's own convolution at its end
 * included), `pruning` selection and gathers.
 */
const parts = ['embed', 'convolution', 'projections', 'scan', 'pruning', 'inter-scan', 'head'] as const;
export type Part = (typeof parts)[number];

/** Told the time of every part of every block, ms per chunk; for profiles. */
export type Stopwatch = (part: Part, block: number, ms: number) => void;

/** Tells a stopwatch the time between one call and the next. */
export class Laps {
  readonly #stopwatch: Stopwatch | undefined;
  #since = performance.now();
  #held = 0;

  constructor(stopwatch: Stopwatch | undefined) {
    this.#stopwatch = stopwatch;
  }

  /** All since the last call was for `part`. */
  end(part: Part, block: number): void {
    this.#stopwatch?.(part, block, this.#elapsed());
  }

  /** All since the last call belongs to the part that `endHeld` will name, after another has ended. */
  hold(): void {
    this.#held += this.#elapsed();
  }

  endHeld(part: Part, block: number): void {
    this.#stopwatch?.(part, block, this.#elapsed() + this.#held);
    this.#held = 0;
  }

  #elapsed(): number {
    const now = performance.now();
    const elapsed = now - this.#since;
    this.#since = now;
    return elapsed;
  }
}
