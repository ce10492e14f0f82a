/** What becomes of the answers to parts of a batch. */
import type { PruningStep } from '@vssm/core';
import type { Prediction } from './backend.ts';
import { JoinedContributions } from './contributions.ts';

/**
 * The prediction of a batch, put together from parts of it that may come in any order, or not at all: images without an
 * answer have logits of NaN and kept positions of -1.
 */
export class JoinedPrediction {
  readonly #size: number;
  readonly #classes: number;
  readonly #schedule: readonly PruningStep[];
  readonly #logits: Float32Array;
  readonly #kept = new Map<number, Int32Array>();
  readonly #failed = new Map<number, string>();
  readonly #contributions: JoinedContributions;

  /**
   * @param size images of the batch
   * @param schedule in whose order the kept positions are handed out
   */
  constructor(size: number, classes: number, schedule: readonly PruningStep[]) {
    this.#size = size;
    this.#classes = classes;
    this.#schedule = schedule;
    this.#logits = new Float32Array(size * classes).fill(Number.NaN);
    this.#contributions = new JoinedContributions(size);
  }

  /** Of the images first … first + count - 1. */
  add({ logits, kept, contributions }: Omit<Prediction, 'failed'>, first: number, count: number): void {
    this.#logits.set(logits, first * this.#classes);
    this.#contributions.add(contributions, first, count);
    for (const [after, positions] of kept) {
      const own = positions.length / count;
      const all = this.#kept.get(after) ?? new Int32Array(own * this.#size).fill(-1);
      all.set(positions, first * own);
      this.#kept.set(after, all);
    }
  }

  /** An image that gets no answer. */
  fail(image: number, reason: string): void {
    this.#failed.set(image, reason);
  }

  get prediction(): Prediction {
    const kept = this.#schedule.flatMap(({ after }) => {
      const positions = this.#kept.get(after);
      return positions === undefined ? [] : [[after, positions] as const];
    });
    return {
      logits: this.#logits,
      kept: new Map(kept),
      ...(this.#failed.size > 0 && { failed: this.#failed }),
      ...this.#contributions.member,
    };
  }
}
