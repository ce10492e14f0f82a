/**
 * The one interface between models and whatever runs them. A backend is probed, a model is loaded into it,
 * batches are run, and everything is given back with dispose(). The reference backend is the slowest, the most
 * readable, and the oracle for all others.
 */
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { MatmulFloor } from '@vssm/families/graph';

export const backendNames = ['cpu', 'webgpu', 'wasm', 'webgpu-node', 'cuda', 'reference'] as const;
export type BackendName = (typeof backendNames)[number];

/** Missing hardware is an answer, not an exception. */
export type Probe =
  | {
      readonly available: true;
      readonly details: Readonly<Record<string, string>>;
      /** Name of the GPU that models would run on; null where it is the processor. */
      readonly accelerator: string | null;
    }
  | { readonly available: false; readonly reason: string; readonly fix: string };

export interface ModelRequest<Spec extends ModelSpec = ModelSpec> {
  readonly spec: Spec;
  readonly weights: Weights;
  readonly plan: PruningPlan;
  /** Threads that one run may use. Default: all cores. */
  readonly threads?: number;
  /** Whether predictions tell what the classifier reads of each token in every block; see `Backend.contributions`. */
  readonly contributions?: boolean;
}

export interface Batch {
  /** Normalised pixels, [B, C, H, W]. */
  readonly pixels: Float32Array;
  readonly size: number;
  /** Stable index of each sample in its data set: what the `random` signal is drawn from. Default: 0 … B-1. */
  readonly samples?: readonly number[];
}

/** What the classifier's tokens have read of every token of the images of a batch, in one block; see core's contributions.ts. */
export interface BlockContributions {
  /** [B, L]: Σ over the channels of |what has been read of the token|; NaN for an image without an answer. */
  readonly scores: Float32Array | Float64Array;
  /** [B, L]: each token's index in the unpruned sequence; -1 for an image without an answer. */
  readonly positions: Int32Array;
}

/** The same of every block, by its 1-based number. */
export type Contributions = ReadonlyMap<number, BlockContributions>;

export interface Prediction {
  /** [B, classes]; float64 from the reference, float32 otherwise. */
  readonly logits: Float32Array | Float64Array;
  /**
   * After each pruning step, the positions (indices into the unpruned sequence) of the kept tokens in sequence
   * order: [B, K], keyed by the 1-based block of the step.
   */
  readonly kept: ReadonlyMap<number, Int32Array>;
  /**
   * Images that got no answer, by their index in the batch, with the reason: their logits are NaN and their
   * kept positions -1. Absent when there are none.
   */
  readonly failed?: ReadonlyMap<number, string>;
  /** Of every block; present where the model was asked for them. */
  readonly contributions?: Contributions;
}

export interface LoadedModel {
  /**
   * The execution form that really runs, where a backend has several: it may have fallen back to another than the
   * one asked for.
   */
  readonly form?: string;
  run(batch: Batch): Promise<Prediction>;
  /** Frees native memory; the model cannot be run afterwards. */
  dispose(): Promise<void>;
}

export interface Backend {
  readonly name: BackendName;
  /** Whether its models can tell what the classifier reads of each token; ask by `loadExplained`. */
  readonly contributions?: true;
  probe(): Promise<Probe>;
  /** Throws a UserError when the model cannot be run here. */
  load(request: ModelRequest): Promise<LoadedModel>;
  /** A model's matrix products alone, by the same library on the same device: no less time than theirs can be had. */
  loadMatmulFloor?(spec: ModelSpec, plan: PruningPlan): Promise<MatmulFloor>;
}

/** Throws a UserError when the batch's pixels are not those of `size` images of the model. */
export function checkBatch(spec: ModelSpec, batch: Batch): void {
  const perImage = spec.inChannels * spec.imageHeight * spec.imageWidth;
  if (batch.pixels.length !== batch.size * perImage) {
    throw new UserError(
      `batch of ${batch.size}: ${batch.pixels.length} values, expected ${batch.size * perImage} ` +
        `(${batch.size} images of ${spec.inChannels}x${spec.imageHeight}x${spec.imageWidth})`,
    );
  }
}
