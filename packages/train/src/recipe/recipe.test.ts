import { describe, expect, it } from 'vitest';
import type { ParameterLayout } from '../engine/layout.ts';
import { adamW, clip, decays, freshVectors, sumInto } from './optimiser.ts';
import { checkRecipe, learningRateAt, trainingRecipe } from './recipe.ts';

describe('the learning rate', () => {
  const recipe = {
    ...trainingRecipe,
    epochs: 4,
    warmupEpochs: 1,
    learningRate: 1,
    minLearningRate: 0.1,
    warmupLearningRate: 0.2,
  };

  it('rises in a straight line, then falls as half a cosine', () => {
    const rates = Array.from({ length: 40 }, (_, step) => learningRateAt(recipe, 10, step));
    expect(rates[0]).toBe(0.2);
    expect(rates[5]).toBeCloseTo(0.6, 12);
    expect(rates[10]).toBe(1);
    expect(rates[25]).toBeCloseTo(0.55, 12);
    expect(learningRateAt(recipe, 10, 40)).toBeCloseTo(0.1, 12);
    for (let step = 11; step < 40; step++) expect(rates[step]).toBeLessThan(rates[step - 1]);
  });

  it('starts at its height without a warm-up', () => {
    expect(learningRateAt({ ...recipe, warmupEpochs: 0 }, 10, 0)).toBe(1);
  });
});

describe('a recipe', () => {
  it.each([
    [{ epochs: 0 }, 'epochs 0: must be a whole number, 1 or more'],
    [{ microBatch: 7 }, 'micro-batch 7: must be a divisor of the batch, 64'],
    [{ ema: 1 }, 'moving average 1: must be from 0 to less than 1'],
    [{ learningRate: Number.NaN }, 'learning rate NaN: must be 0 or more'],
  ])('%j is refused by name', (change, message) => {
    expect(() => checkRecipe({ ...trainingRecipe, ...change })).toThrow(message);
  });
});

/** One slot after another, of two numbers each. */
function layoutOfPairs(...statistics: readonly boolean[]): ParameterLayout {
  const slots = statistics.map((statistic, i) => ({
    name: `${i}`,
    shape: [2],
    first: 2 * i,
    size: 2,
    statistic,
  }));
  return { slots, byName: new Map(), size: 2 * slots.length };
}

describe('AdamW', () => {
  const slot = (name: string, shape: readonly number[]) => ({
    ...{ name, shape, first: 0, size: 1 },
    statistic: name.endsWith('running_mean'),
  });
  const layoutOf = (name: string, shape: readonly number[]): ParameterLayout => ({
    slots: [slot(name, shape)],
    byName: new Map(),
    size: 1,
  });
  const recipe = { ...trainingRecipe, weightDecay: 0.1, ema: 0.9 };

  /** Kingma and Ba's algorithm with Loshchilov and Hutter's decay, written out for one number. */
  function byHand(start: number, slopes: readonly number[], rate: number, decay: number): number {
    let [parameter, first, second] = [start, 0, 0];
    for (const [i, slope] of slopes.entries()) {
      const t = i + 1;
      first = recipe.beta1 * first + (1 - recipe.beta1) * slope;
      second = recipe.beta2 * second + (1 - recipe.beta2) * slope ** 2;
      const meanFirst = first / (1 - recipe.beta1 ** t);
      const meanSecond = second / (1 - recipe.beta2 ** t);
      parameter = parameter - rate * decay * parameter - (rate * meanFirst) / (Math.sqrt(meanSecond) + 1e-8);
    }
    return parameter;
  }

  it.each([
    ['layers.0.mixer.in_proj.weight', [2, 2], 0.1],
    ['layers.0.norm.weight', [2], 0],
    ['layers.0.mixer.A_b_log', [2, 2], 0],
    ['pos_embed', [1, 2, 2], 0],
  ])('of %s is the algorithm written out', (name, shape, decay) => {
    expect(decays({ name, shape })).toBe(decay > 0);
    const slopes = [0.5, -0.2, 0.9, 0.1];
    const vectors = freshVectors(Float32Array.of(2));
    for (const [step, slope] of slopes.entries()) {
      adamW(layoutOf(name, shape), vectors, Float32Array.of(slope), recipe, step, 0.05);
    }
    // float32 between steps.
    expect(vectors.parameters[0]).toBeCloseTo(byHand(2, slopes, 0.05, decay), 6);
  });

  it('averages the weights, the first ones forgotten sooner', () => {
    const vectors = freshVectors(Float32Array.of(1));
    adamW(layoutOf('norm_f.weight', [1]), vectors, Float32Array.of(1), recipe, 0, 0.5);
    // remember = min(0.9, 1 / 10)
    expect(vectors.ema[0]).toBeCloseTo(0.1 * 1 + 0.9 * vectors.parameters[0], 6);
  });

  it('lets running statistics follow the mean of the micro-batches’, and averages them too', () => {
    const vectors = freshVectors(Float32Array.of(2));
    const four = { ...recipe, batch: 64, microBatch: 16 };
    // The sum over four micro-batches: their mean is 5.
    adamW(layoutOf('running_mean', [1]), vectors, Float32Array.of(20), four, 0, 0.5);
    expect(vectors.parameters[0]).toBeCloseTo(0.9 * 2 + 0.1 * 5, 6);
    expect(vectors.ema[0]).toBeCloseTo(0.1 * 2 + 0.9 * vectors.parameters[0], 6);
    expect([...vectors.first, ...vectors.second]).toEqual([0, 0]);
  });
});

it('a gradient is clipped to the largest norm and no shorter one is touched', () => {
  const gradient = Float32Array.of(3, 4, 100, 100);
  const layout = layoutOfPairs(false, true);
  expect(clip(layout, gradient, 0)).toBe(5);
  expect(clip(layout, gradient, 6)).toBe(5);
  expect([...gradient]).toEqual([3, 4, 100, 100]);
  expect(clip(layout, gradient, 1)).toBe(5);
  expect(gradient[0]).toBeCloseTo(0.6, 6);
  expect(gradient[1]).toBeCloseTo(0.8, 6);
  // Statistics are no gradient.
  expect([...gradient.subarray(2)]).toEqual([100, 100]);
});

it('vectors are summed into the first', () => {
  const first = Float32Array.of(1, 2);
  expect(sumInto([first, Float32Array.of(10, 20), Float32Array.of(100, 200)])).toBe(first);
  expect([...first]).toEqual([111, 222]);
});
