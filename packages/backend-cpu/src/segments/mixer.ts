/**
 * What the kernels do of a block: convolution before the projections, scan and gate after them. Written over a range
 * of channels, because channels are independent there: one thread may take all of them, or several
 * threads a share each.
 */
import type { Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { Arena, Kernels, Region, Rows } from '@vssm/kernels';

export interface MixJob {
  readonly block: number;
  readonly batch: number;
  /** Tokens of each image. */
  readonly length: number;
  /** Whether the convolution's taps, and the scan's gaps, go by the positions that were written. */
  readonly positionalTaps: boolean;
  readonly gaps: boolean;
  /** Columns of the grid that the tokens fill, where a rule has left one smaller than the model's; 0: the model's. */
  readonly columns: number;
}

export interface Mixer {
  /** Tokens are gone since the last call: the positions of those that are left have been written. */
  arrange(batch: number, length: number, columns: number): void;
  /** x → u of every projection set */
  convolve(job: MixJob): void;
  /**
   * delta, projected, u, z → y; the projections run between the two.
   *
   * @param handOut whether to leave what a rule reads beside y where the places have room for it
   */
  scan(job: MixJob, handOut: boolean): void;
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
  /** [B, L] */
  readonly positions: Region<Int32Array>;
  /** Room for what a rule reads beside y, and the mixer would not leave otherwise; absent where no rule does. */
  readonly extras?: ExtraPlaces;
}

/** [B, L, E] each. */
export interface ExtraPlaces {
  /** y of every scan direction. */
  readonly directions?: readonly Rows[];
  /** The sum of the directions before the gate. */
  readonly sum?: Rows;
  /** The backward direction's y, gated. */
  readonly gatedBackward?: Rows;
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
  /** Of each direction in y; see Segments. */
  readonly share: number;
  /** Most images at once. */
  readonly batch: number;
}
