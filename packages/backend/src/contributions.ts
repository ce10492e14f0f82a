/**
 * What the classifier's tokens have read of every token, block by block (class contribution, see core's
 * contributions.ts): asked of a model when it is loaded, told beside its answers.
 */
import { UserError } from '@vssm/core';
import type { Backend, BlockContributions, Contributions, LoadedModel, ModelRequest } from './backend.ts';

/** A model that tells contributions. @throws UserError where the backend cannot */
export function loadExplained(
  backend: Backend,
  request: Omit<ModelRequest, 'contributions'>,
): Promise<LoadedModel> {
  if (backend.contributions !== true) {
    throw new UserError(
      `--backend ${backend.name} does not tell what the classifier reads of each token: take --backend cpu or reference`,
    );
  }
  return backend.load({ ...request, contributions: true });
}

/** The contributions of a batch, put together from parts of it that may come in any order. */
export class JoinedContributions {
  readonly #images: number;
  readonly #blocks = new Map<number, BlockContributions>();

  /** @param images of the batch */
  constructor(images: number) {
    this.#images = images;
  }

  /** @param part of the images first … first + count - 1; undefined where none were asked for */
  add(part: Contributions | undefined, first: number, count: number): void {
    for (const [block, { scores, positions }] of part ?? []) {
      const own = positions.length / count;
      const all = this.#blocks.get(block) ?? this.#empty(own * this.#images, scores);
      all.scores.set(scores, first * own);
      all.positions.set(positions, first * own);
      this.#blocks.set(block, all);
    }
  }

  /** As a member of a prediction: nothing where there are none. */
  get member(): { readonly contributions?: Contributions } {
    if (this.#blocks.size === 0) return {};
    return { contributions: new Map([...this.#blocks].sort(([a], [b]) => a - b)) };
  }

  #empty(length: number, like: BlockContributions['scores']): BlockContributions {
    const scores = like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
    return { scores: scores.fill(Number.NaN), positions: new Int32Array(length).fill(-1) };
  }
}

/** Of one image of a batch of so many; views. */
export function contributionsOfImage(
  contributions: Contributions,
  row: number,
  images: number,
): Contributions {
  return new Map(
    [...contributions].map(([block, { scores, positions }]) => {
      const own = positions.length / images;
      const [from, to] = [row * own, (row + 1) * own];
      return [block, { scores: scores.subarray(from, to), positions: positions.subarray(from, to) }];
    }),
  );
}
