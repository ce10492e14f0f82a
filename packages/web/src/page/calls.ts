/** What the page asks its worker, where models are loaded and run so that the page itself never stands still. */
import type { Batch, Prediction } from '@vssm/backend';
import type { ErrorMessage, PageBackend } from '@vssm/backend-webgpu/page';
import type { PruningPlan } from '@vssm/core';
import type { ModelName } from '@vssm/families';

/** Weights: random ones of a named model, or those that the server has under a name. */
export type WeightSource =
  | { readonly from: 'random'; readonly model: ModelName; readonly seed: number }
  | { readonly from: 'server'; readonly id: string };

export interface TimedPrediction extends Prediction {
  /** Wall clock, pixels going up and answers coming back included. */
  readonly ms: number;
}

export interface Calls {
  /** What a backend would run on. Rejects with a DeviceError where there is nothing. */
  probe(backend: PageBackend): Promise<Readonly<Record<string, string>>>;
  /** Fetches or makes weights, and keeps them for `load`, in place of others. */
  open(source: WeightSource): Promise<void>;
  /**
   * Loads the open model; returns its name for `run`.
   *
   * @param contributions whether answers tell what the classifier reads of each token; `wasm` can
   */
  load(backend: PageBackend, plan: PruningPlan, threads: number, contributions?: boolean): Promise<number>;
  run(model: number, batch: Batch): Promise<TimedPrediction>;
  dispose(model: number): Promise<void>;
}

export type CallName = keyof Calls;

export interface Question {
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorMessage };
