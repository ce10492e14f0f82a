/** What is a family's own in the engine, beside its mixer: what happens around a pruning step, and at the head. */
import type { PruningPlan, ScanSteps, SignalName, TokenContext, Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { Arena, Kernels, Rows } from '@vssm/kernels';
import type { Buffers, Floats } from './buffers.ts';
import type { MixJob } from './mixer.ts';
import type { Places } from './prune.ts';
import type { SessionRunner } from './runner.ts';

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

/** Outputs of a mixer beside y; see ExtraPlaces. */
export interface Extras {
  /** Number of scan directions whose y is wanted one by one: all, or 0. */
  readonly directions: number;
  readonly sum: boolean;
  readonly gatedBackward: boolean;
}

/** One image's rows of a projection set, where the kernels find them. */
export interface PlacedSet {
  /** [L, E] before bias and softplus. */
  readonly delta: Rows;
  /** [E] */
  readonly deltaBias: number;
  /** [L, N] each. */
  readonly b: Rows;
  readonly c: Rows;
  /** [L, E] */
  readonly u: Rows;
}

/** Of one projection set. */
export type SetSignals = Pick<ScanSteps, 'delta' | 'u' | 'B' | 'C'>;

export interface Projection {
  readonly weight: Float32Array;
  readonly bias?: Float32Array;
}

export interface Hooks {
  /** A chunk begins: every token lives. */
  begin(): void;
  /** What its mixer has to leave beside y for a rule that reads these signals. */
  extras(signals: ReadonlySet<SignalName>): Extras;
  /** Of each projection set, what is added to delta before softplus, [E]. */
  deltaBiases(block: number): readonly Float32Array[];
  /**
   * A block's scans of one image, step by step.
   *
   * @param positions of its tokens
   * @param decays whether the scan's steps go by gaps
   * @param sets of each projection set: Δ after softplus, u, B and C
   * @param columns see `MixJob.columns`
   */
  scans(
    block: number,
    positions: Int32Array,
    decays: boolean,
    sets: readonly SetSignals[],
    columns: number,
  ): readonly ScanSteps[];
  /**
   * The signal `contributions` of one image by a kernel, good until it is asked for again; absent: plain TypeScript makes
   * it of the scans.
   *
   * @param z [L, E]
   * @param positions [L] int32 in the kernels' memory; undefined where the scan's steps go by no gaps
   * @param columns see `MixJob.columns`
   */
  readonly contributions?: (
    block: number,
    sets: readonly PlacedSet[],
    z: Rows,
    positions: number | undefined,
    context: TokenContext,
    columns: number,
  ) => Float32Array;
  /** Whether the block's output and the residual stay apart until the next block's norm. */
  readonly streamsApart: boolean;
  /** The output projection of a block's mixer: weight [d, E], and bias [d] where there is one. */
  outProjection(block: number): Projection;
  /** The convolution that some layers end in, [rows, d] → [rows, d]. */
  convolveLayer(job: MixJob, from: Floats, to: Floats): void;
  /** Under `mask`, after each step: zeroes the tokens that are gone, now or in the following segments. */
  mask(streams: readonly Stream[], places: Places): void;
  /** [rows]: what the residual stream is multiplied by as it leaves a block, 1 or 0; undefined for nothing. */
  readonly live: Floats | undefined;
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
  /** Whether contributions are read in every block, whatever the rule reads. */
  readonly contributions: boolean;
}
