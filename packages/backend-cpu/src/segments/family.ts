/** What is a family's own in the engine, beside its mixer: what happens around a pruning step, and at the head. */
import type { PruningPlan, Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { Arena, Kernels } from '@vssm/kernels';
import type { Buffers, Floats } from './buffers.ts';
import type { MixJob } from './mixer.ts';
import type { Places } from './prune.ts';
import type { SessionRunner, Tensors } from './runner.ts';

/** Rows of all images' tokens on their way from a block to the following segment. */
export interface Stream {
  /** The following segment's input. */
  readonly name: 'y' | 'residual';
  readonly rows: Floats;
  /** Room for as many rows. */
  readonly spare: Floats;
  /** Floats of a row. */
  readonly width: number;
}

export interface Hooks {
  /** A chunk begins: every token lives. */
  begin(): void;
  /** The scores of the `evit` signal, from y. */
  scoreSimilarity(batch: number, places: Places): void;
  /** The convolution that some layers end in, [rows, d] → [rows, d]. */
  convolveLayer(job: MixJob, from: Floats, to: Floats): void;
  /** Under `mask`, after each step: zeroes the tokens that are gone, now or in the following segments. */
  mask(streams: readonly Stream[], places: Places): void;
  /** Inputs of `next` beside the streams. */
  nextInputs(rows: number): Tensors;
  /** Which tokens of each image the classifier reads, the same number in all; undefined: all that there are. */
  readByHead(places: Places): readonly Int32Array[] | undefined;
  /** Leading axes of the head's inputs, which have `tokens` rows an image. */
  headAxes(batch: number, tokens: number): readonly number[];
}

/** Regions are taken from the arena; no view of it is made before the first chunk. */
export interface FamilyContext<Spec extends ModelSpec = ModelSpec> {
  readonly spec: Spec;
  readonly plan: PruningPlan;
  readonly weights: Weights;
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly buffers: Buffers;
  readonly runner: SessionRunner;
  /** Most images of one chunk. */
  readonly batch: number;
}
