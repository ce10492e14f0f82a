/**
 * AdamW (Loshchilov and Hutter 2019) over the vector of all parameters, with clipping of the gradient and a moving
 * average of the weights. Arithmetic is double, storage float32: the same numbers on every machine.
 */
import type { ParameterLayout, ParameterSlot } from '../engine/layout.ts';
import type { Recipe } from './recipe.ts';

/** What training changes, each in the layout's order. */
export interface TrainingVectors {
  readonly parameters: Float32Array;
  /** Moving average of the parameters. */
  readonly ema: Float32Array;
  /** Moments of the gradient. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** @param parameters becomes part of the result, not copied */
export function freshVectors(parameters: Float32Array): TrainingVectors {
  return {
    parameters,
    ema: Float32Array.from(parameters),
    first: new Float32Array(parameters.length),
    second: new Float32Array(parameters.length),
  };
}

/**
 * Matrices decay; vectors and the embeddings do not, as upstream has it, nor does the scan's A. (mamba_ssm marks A so;
 * upstream Vim's recipe goes by its own list and by the number of axes, and lets it decay.)
 */
export function decays({ name, shape }: Pick<ParameterSlot, 'name' | 'shape'>): boolean {
  return shape.length > 1 && !/(A_log|A_b_log|cls_token|pos_embed|pos_embed_cls|direction_Bs)$/.test(name);
}

/** Sum of equally long vectors, in their order, into the first. */
export function sumInto(vectors: readonly Float32Array[]): Float32Array {
  const [first, ...rest] = vectors;
  for (let i = 0; i < first.length; i++) {
    let sum = first[i];
    for (const vector of rest) sum += vector[i];
    first[i] = sum;
  }
  return first;
}

/** Scales a gradient longer than `most` down to it; returns the norm it had. Statistics are no part of it. */
export function clip({ slots }: ParameterLayout, gradient: Float32Array, most: number): number {
  const parts = slots.flatMap(({ statistic, first, size }) =>
    statistic ? [] : [gradient.subarray(first, first + size)],
  );
  let squares = 0;
  for (const part of parts) for (let i = 0; i < part.length; i++) squares += part[i] * part[i];
  const norm = Math.sqrt(squares);
  if (most > 0 && norm > most) {
    const scale = most / norm;
    for (const part of parts) for (let i = 0; i < part.length; i++) part[i] *= scale;
  }
  return norm;
}

/** What a step's own statistics weigh in the running ones, as in PyTorch's BatchNorm. */
const momentum = 0.1;

/**
 * Parameters follow their gradient; buffers, by the same vector, the mean of the micro-batches' statistics.
 *
 * @param step 0-based
 */
export function adamW(
  { slots }: ParameterLayout,
  vectors: TrainingVectors,
  gradient: Float32Array,
  recipe: Recipe,
  step: number,
  learningRate: number,
): void {
  const { parameters, ema, first, second } = vectors;
  const { beta1, beta2, epsilon } = recipe;
  const correct1 = 1 / (1 - beta1 ** (step + 1));
  const correct2 = 1 / (1 - beta2 ** (step + 1));
  // A moving average over fewer steps than its memory begins with the first weights in it: forget them sooner.
  const remember = Math.min(recipe.ema, (1 + step) / (10 + step));
  const micros = recipe.batch / recipe.microBatch;
  for (const slot of slots) {
    if (slot.statistic) {
      for (let i = slot.first; i < slot.first + slot.size; i++) {
        parameters[i] += momentum * (gradient[i] / micros - parameters[i]);
        ema[i] = remember * ema[i] + (1 - remember) * parameters[i];
      }
      continue;
    }
    const shrink = 1 - learningRate * (decays(slot) ? recipe.weightDecay : 0);
    const end = slot.first + slot.size;
    for (let i = slot.first; i < end; i++) {
      const slope = gradient[i];
      first[i] = beta1 * first[i] + (1 - beta1) * slope;
      second[i] = beta2 * second[i] + (1 - beta2) * slope * slope;
      const change = (first[i] * correct1) / (Math.sqrt(second[i] * correct2) + epsilon);
      parameters[i] = parameters[i] * shrink - learningRate * change;
      ema[i] = remember * ema[i] + (1 - remember) * parameters[i];
    }
  }
}
