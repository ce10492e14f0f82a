/** What a family's kernels do of one block, and what the program asks of them. */
import type { PruningPlan, Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { Buffers, leftSignal } from './buffers.ts';
import type { Dispatch, Kernels } from './dispatch.ts';
import type { Phase } from './phases.ts';

export interface Mixer {
  /** Dispatches that every run of the model needs done once before, for tables that never change. */
  readonly setup: readonly Dispatch[];
  /** xz → u of every set */
  convolve(block: number, step: number): readonly Dispatch[];
  /** delta, projected, u, xz → y, and into `signal` what a rule reads beside it */
  scan(block: number, step: number, leaves: ReturnType<typeof leftSignal>): readonly Dispatch[];
  /** After a step has written the positions of the phase that begins: whatever tables follow from them. */
  begin(step: number): readonly Dispatch[];
  /** y → the reference of the `evit` signal */
  reference(phase: Phase): readonly Dispatch[];
  /** The convolution that ends a block, on the stream between blocks; undefined where there is none. */
  convolveStream(block: number, step: number, from: GPUBuffer, to: GPUBuffer): Dispatch | undefined;
  /** Buffers of its own. */
  readonly buffers: readonly GPUBuffer[];
  /**
   * Under `mask`: whether rows of tokens that are gone become zero here, after the step, and stay so; otherwise the
   * following segments zero them, by an input that says which live.
   */
  readonly zeroesGone: boolean;
  /** What the classifier reads: the protected tokens, or every token that lives. */
  readonly headReads: 'protected-tokens' | 'live-tokens';
}

export interface MixerContext<Spec extends ModelSpec> {
  readonly device: GPUDevice;
  readonly kernels: Kernels;
  readonly spec: Spec;
  readonly weights: Weights;
  readonly plan: PruningPlan;
  /** Most images of one chunk. */
  readonly batch: number;
  readonly buffers: Buffers;
  readonly phases: readonly Phase[];
  /** Of each direction in y; see Segments. */
  readonly share: number;
}
