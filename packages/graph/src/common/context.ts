/** What everything that emits one whole model shares. */
import type { PruningPlan } from '@vssm/core';
import type { ScanForm } from '../choices.ts';
import type { GraphBuilder, Value } from '../onnx/builder.ts';
import type { Parameters } from './parameters.ts';

export interface EmitContext<Spec> {
  readonly g: GraphBuilder;
  readonly spec: Spec;
  readonly plan: PruningPlan;
  readonly parameters: Parameters;
  readonly scan: ScanForm;
  /** [B, steps, L0] float32; present for the `random` signal. */
  readonly randomScores: Value | undefined;
}

/** What a family's emitter makes of the pixels. */
export interface EmittedModel {
  /** [B, classes] */
  readonly logits: Value;
  /** After each pruning step of the schedule, in its order: positions of the kept tokens, [B, K] int64. */
  readonly kept: readonly KeptTokens[];
}

export interface KeptTokens {
  /** 1-based block of the step. */
  readonly after: number;
  readonly positions: Value;
  readonly count: number;
}
