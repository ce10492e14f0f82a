/** One run of a whole model, in whichever binding of ONNX Runtime: each makes its own tensors of plain arrays. */
import { drawScores, type PruningPlan } from '@vssm/core';
import { sequenceLength } from '../model.ts';
import type { ModelSpec } from '../table.ts';
import { wholeNames } from './whole.ts';

interface WholeInput {
  readonly name: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

function wholeInputs(
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

type Outputs = Readonly<Record<string, { readonly data: unknown }>>;

/** @param outputs by name; int64 as BigInt64Array */
function wholeAnswer({ schedule }: PruningPlan, outputs: Outputs): WholeAnswer {
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

export interface WholeRun {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  /** [B, C, H, W], normalised */
  readonly pixels: Float32Array;
  /** Stable index of each image in its data set, B of them. */
  readonly samples: readonly number[];
}

/**
 * Carries out one run.
 *
 * @param Tensor the binding's class
 * @param run the session; its errors are thrown on
 */
export async function runWhole<Value>(
  { spec, plan, pixels, samples }: WholeRun,
  Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => Value,
  run: (feeds: Readonly<Record<string, Value>>) => Promise<Outputs>,
): Promise<WholeAnswer> {
  const inputs = wholeInputs(spec, plan, pixels, samples);
  const feeds = inputs.map(({ name, data, shape }) => [name, new Tensor('float32', data, shape)] as const);
  return wholeAnswer(plan, await run(Object.fromEntries(feeds)));
}
