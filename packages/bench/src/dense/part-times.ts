/** Where the time of an image goes, from the network's input to the answer. */
import type { denseRecordParts } from '@vssm/results';

export type DensePart = (typeof denseRecordParts)[number];

export type PartTime = readonly [part: DensePart, ms: number];

/** A stopwatch that adds up the ms of every part of one image after another. */
export class PartTimes {
  #ms = new Map<DensePart, number>();
  #since = 0;

  start(): void {
    this.#ms = new Map();
    this.#since = performance.now();
  }

  /** All since the last call, or since the start, was for this part. */
  readonly lap = (part: DensePart): void => {
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
  readonly #sums = new Map<DensePart, number>();
  #images = 0;

  add(times: readonly PartTime[]): void {
    this.#images++;
    for (const [part, ms] of times) this.#sums.set(part, (this.#sums.get(part) ?? 0) + ms);
  }

  get images(): number {
    return this.#images;
  }

  get means(): ReadonlyMap<DensePart, number> {
    return new Map([...this.#sums].map(([part, ms]) => [part, ms / this.#images]));
  }
}
