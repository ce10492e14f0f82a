/** Where the time of an image goes, from the network's input to the answer. */
import type { visionRecordParts } from '@vssm/results';

export type VisionPart = (typeof visionRecordParts)[number];

export type PartTime = readonly [part: VisionPart, ms: number];

/** A stopwatch that adds up the ms of every part of one image after another. */
export class PartTimes {
  #ms = new Map<VisionPart, number>();
  #since = 0;

  start(): void {
    this.#ms = new Map();
    this.#since = performance.now();
  }

  /** All since the last call, or since the start, was for this part. */
  readonly lap = (part: VisionPart): void => {
    const now = performance.now();
    this.#ms.set(part, (this.#ms.get(part) ?? 0) + now - this.#since);
    this.#since = now;
  };

  taken(): PartTime[] {
    return [...this.#ms];
  }
}

/** Mean of every part over images; a part that an image did without counts as 0 there. */
export class MeanPartTimes {
  readonly #sums = new Map<VisionPart, number>();
  #images = 0;

  add(times: readonly PartTime[]): void {
    this.#images++;
    for (const [part, ms] of times) this.#sums.set(part, (this.#sums.get(part) ?? 0) + ms);
  }

  get images(): number {
    return this.#images;
  }

  get means(): ReadonlyMap<VisionPart, number> {
    return new Map([...this.#sums].map(([part, ms]) => [part, ms / this.#images]));
  }
}
