/**
 * What one run of a whole model takes and gives, as plain arrays: each binding of ONNX Runtime makes its own
 * tensors of them.
 */
import { type ModelSpec, type PruningPlan, randomScores, sequenceLength } from '@vssm/core';
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
    const shape = [samples.length, plan.schedule.length, sequenceLength(spec)];
    inputs.push({ name: wholeNames.randomScores, data: drawScores(spec, plan, samples), shape });
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

/** [B, steps, L0] */
function drawScores(
  spec: ModelSpec,
  { schedule, seed }: PruningPlan,
  samples: readonly number[],
): Float32Array {
  const length = sequenceLength(spec);
  const scores = new Float32Array(samples.length * schedule.length * length);
  for (const [image, sample] of samples.entries()) {
    for (const step of schedule.keys()) {
      scores.set(randomScores(seed, sample, step, length), (image * schedule.length + step) * length);
    }
  }
  return scores;
}
