/**
 * What the kernels do of a block: convolution before the projections, scan, gate and scores after them. Written
 * over a range of channels, because channels are independent there: one thread may take all of them, or several
 * threads a share each.
 */
import type { PruningPlan, Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { Arena, Kernels, Region, Rows, ScanOptions } from '@vssm/kernels';

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

export interface Mixer {
  /** Tokens are gone since the last call: the positions of those that are left have been written. */
  arrange(batch: number, length: number): void;
  /** x → u of every projection set */
  convolve(job: MixJob): void;
  /** delta, projected, u, z → y, and the scores if asked for; the projections run between the two */
  scan(job: MixJob, score: Score | undefined): void;
  dispose(): Promise<void>;
}

/** Channels first … first + count - 1 of every row. */
export interface ChannelRange {
  readonly first: number;
  readonly count: number;
}

/** Where a mixer's data lie in its memory; rows begin at its first channel. */
export interface MixerPlaces {
  readonly x: Rows;
  readonly z: Rows;
  /** One per projection set, in the order of the segments'. */
  readonly sets: readonly SetPlaces[];
  readonly y: Rows;
  /** [B, L] each */
  readonly positions: Region<Int32Array>;
  readonly scores: Region<Float32Array>;
}

export interface SetPlaces {
  readonly u: Rows;
  readonly delta: Rows;
  /** All r + 2N columns. */
  readonly projected: Rows;
}

export interface MixerContext<Spec extends ModelSpec = ModelSpec> {
  readonly kernels: Kernels;
  /** Of the kernels' memory; the mixer places its parameters there. */
  readonly arena: Arena;
  readonly spec: Spec;
  readonly weights: Weights;
  readonly places: MixerPlaces;
  /** Most images at once. */
  readonly batch: number;
}

/** The score that the scan itself computes for a plan; the baselines are scored elsewhere. */
export function scanScore({ signal, reduce }: PruningPlan): Score | undefined {
  return signal === 'random' || signal === 'evit' ? undefined : { signal, reduce };
}
