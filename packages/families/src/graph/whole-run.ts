/**
 * What one run of a whole model takes and gives, as plain arrays: each binding of ONNX Runtime makes its own
 * tensors of them.
 */
import { drawScores, type PruningPlan } from '@vssm/core';
import { sequenceLength } from '../model.ts';
import type { ModelSpec } from '../table.ts';
import { wholeNames } from './whole.ts';

export interface WholeInput {
  readonly name: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * @param pixels [B, C, H, W], normalised
 * @param samples stable index of each image in its data set, B of them
 */
export function wholeInputs(
  spec: ModelSpec,
  plan: PruningPlan,
  pixels: Float32Array,
  samples: readonly number[],
): WholeInput[] {
  const image = [spec.inChannels, spec.imageHeight, spec.imageWidth];
  const inputs: WholeInput[] = [{ name: wholeNames.input, data: pixels, shape: [samples.length, ...image] }];
  if (plan.signal === 'random' && plan.schedule.length > 0) {
    const length = sequenceLength(spec);
    const shape = [samples.length, plan.schedule.length, length];
    inputs.push({ name: wholeNames.randomScores, data: drawScores(plan, samples, length), shape });
  }
  return inputs;
}

export interface WholeAnswer {
  /** [B, classes] */
  readonly logits: Float32Array;
  /** [B, K] positions of the kept tokens, by the 1-based block of the step. */
  readonly kept: ReadonlyMap<number, Int32Array>;
}

/** @param outputs by name; int64 as BigInt64Array */
export function wholeAnswer(
  { schedule }: PruningPlan,
  outputs: Readonly<Record<string, { readonly data: unknown }>>,
): WholeAnswer {
  return {
    logits: outputs[wholeNames.logits].data as Float32Array,
    kept: new Map(
      schedule.map(({ after }) => [
        after,
        Int32Array.from(outputs[wholeNames.kept(after)].data as BigInt64Array, Number),
      ]),
    ),
  };
}
