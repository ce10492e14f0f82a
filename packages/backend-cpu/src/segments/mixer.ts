/**
 * What the kernels do of a block: convolution before the projections, scan, gate and scores after them. Written
 * over a range of channels, because channels are independent there: one thread may take all of them, or several
 * threads a share each.
 */
import type { Direction, PruningPlan, VimSpec } from '@vssm/core';
import type { Kernels, Rows, ScanOptions } from '@vssm/kernels';
import type { BlockParameters } from './parameters.ts';

export const directions: readonly Direction[] = ['forward', 'backward'];

/** Where a mixer's data lie in its memory; rows begin at its first channel. */
export interface MixerPlaces {
  readonly x: Rows;
  readonly z: Rows;
  readonly u: Readonly<Record<Direction, Rows>>;
  readonly delta: Readonly<Record<Direction, Rows>>;
  /** All r + 2N columns. */
  readonly projected: Readonly<Record<Direction, Rows>>;
  readonly y: Rows;
  /** Byte offsets, [B, L] each */
  readonly positions: number;
  readonly scores: number;
}

export interface MixJob {
  readonly block: number;
  readonly batch: number;
  /** Tokens of each image. */
  readonly length: number;
  /** Whether the convolution's taps, and the scan's gaps, go by the positions that were written. */
  readonly positionalTaps: boolean;
  readonly gaps: boolean;
}

export type Score = Omit<NonNullable<ScanOptions['score']>, 'at'>;

/** Both halves of a block's kernel work; the projections run between them. */
export interface Mixer {
  /** x → u of both directions */
  convolve(job: MixJob): void;
  /** delta, projected, u, z → y, and the scores if asked for */
  scan(job: MixJob, score: Score | undefined): void;
  dispose(): Promise<void>;
}

/** Channels first … first + count - 1 of every row. */
export interface ChannelRange {
  readonly first: number;
  readonly count: number;
}

/** The score that the scan itself computes for a plan; the baselines are scored elsewhere. */
export function scanScore({ signal, reduce }: PruningPlan): Score | undefined {
  return signal === 'random' || signal === 'evit' ? undefined : { signal, reduce };
}

export class RangeMixer implements Mixer {
  readonly #kernels: Kernels;
  readonly #spec: VimSpec;
  readonly #parameters: readonly BlockParameters[];
  readonly #places: MixerPlaces;
  readonly #range: ChannelRange;

  constructor(
    kernels: Kernels,
    spec: VimSpec,
    parameters: readonly BlockParameters[],
    places: MixerPlaces,
    range: ChannelRange,
  ) {
    this.#kernels = kernels;
    this.#spec = spec;
    this.#parameters = parameters;
    this.#places = places;
    this.#range = range;
  }

  convolve({ block, batch, length, positionalTaps }: MixJob): void {
    const { convKernel: taps } = this.#spec;
    const { first, count } = this.#range;
    const { x, u, positions } = this.#places;
    for (const direction of directions) {
      const own = this.#parameters[block][direction];
      this.#kernels.convSilu({
        batch,
        length,
        channels: count,
        taps,
        direction,
        x,
        weight: own.taps + 4 * first * taps,
        bias: own.convBias + 4 * first,
        u: u[direction],
        ...(positionalTaps && { positions }),
      });
    }
  }

  scan({ block, batch, length, gaps }: MixJob, score: Score | undefined): void {
    const { stateSize: N, dtRank: r } = this.#spec;
    const { first, count } = this.#range;
    const { z, u, delta, projected, y, positions, scores } = this.#places;
    for (const direction of directions) {
      const own = this.#parameters[block][direction];
      const { at, stride } = projected[direction];
      this.#kernels.selectiveScan({
        batch,
        length,
        channels: count,
        states: N,
        direction,
        delta: delta[direction],
        deltaBias: own.deltaBias + 4 * first,
        a: own.a + 4 * first * N,
        d: own.d + 4 * first,
        b: { at: at + 4 * r, stride },
        c: { at: at + 4 * (r + N), stride },
        u: u[direction],
        y,
        ...(gaps && { positions }),
        ...(direction === 'backward' && {
          accumulate: true,
          gate: { z },
          ...(score !== undefined && { score: { ...score, at: scores } }),
        }),
      });
    }
  }

  async dispose(): Promise<void> {}
}
