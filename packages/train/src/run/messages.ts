/** What the pool and its worker threads say to each other. Parameters and gradients lie in memory that all share. */
import type { RuleSource } from '@vssm/core/rule-file';
import type { EngineOptions, MicroBatch } from '../engine/engine.ts';

export interface WorkerSetup {
  readonly engine: EngineOptions;
  /** float32, in the layout's order */
  readonly parameters: SharedArrayBuffer;
  /** One vector for each micro-batch of a step, one after another. */
  readonly gradients: SharedArrayBuffer;
  /** Of a plan that is scored by a file. */
  readonly rule?: RuleSource;
}

export interface MicroAsk {
  readonly micro: MicroBatch;
  /** Which of the gradients' vectors to write. */
  readonly slot: number;
  /** Changes whenever the parameters have. */
  readonly version: number;
}

export interface MicroAnswer {
  readonly loss: number;
  readonly logits: Float32Array<ArrayBuffer>;
}
