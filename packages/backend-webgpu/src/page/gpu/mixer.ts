/** What a family's kernels do of one block, and what the program asks of them. */
import type { Dispatch } from './dispatch.ts';
import type { Phase } from './phases.ts';

export interface Mixer {
  /** Dispatches that every run of the model needs done once before, for tables that never change. */
  readonly setup: readonly Dispatch[];
  /** xz → u of every set */
  convolve(block: number, step: number): readonly Dispatch[];
  /** delta, projected, u, xz → y, and partial scores if asked for */
  scan(block: number, step: number, scored: boolean): readonly Dispatch[];
  /** After a step has written the positions of the phase that begins: whatever tables follow from them. */
  begin(step: number): readonly Dispatch[];
  /** y → the reference of the `evit` signal */
  reference(phase: Phase): Dispatch;
  /** The convolution that ends a block, on the stream between blocks; undefined where there is none. */
  convolveStream(block: number, step: number, from: GPUBuffer, to: GPUBuffer): Dispatch | undefined;
  /** Buffers of its own. */
  readonly buffers: readonly GPUBuffer[];
}
