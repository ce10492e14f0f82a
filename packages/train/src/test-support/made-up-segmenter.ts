/** For the tests: small random UperNets and label maps. */
import { type PruningPlan, uniformNumbers } from '@vssm/core';
import { type PlainMambaSpec, pruningPlan } from '@vssm/families';
import { randomVisionWeights, type UperNetSpec } from '@vssm/vision-tasks';
import type { Parameters64 } from '../reference/gradients.ts';
import { plainPlans, smallPlainSpec } from './made-up.ts';

/** 3x4 cells, of which the last row and column hang over the border; taps after every layer but the first. */
export function smallUperNet(shape: Partial<Omit<PlainMambaSpec, 'family'>> = {}): UperNetSpec {
  return {
    kind: 'upernet',
    backbone: {
      family: 'plainmamba',
      spec: smallPlainSpec({ depth: 5, imageHeight: 6, imageWidth: 8, patchSize: 2, ...shape }),
      taps: [1, 2, 3, 4],
    },
    head: { channels: 4, classes: 3, poolScales: [1, 2, 3, 6] },
    auxiliary: { tap: 3, channels: 3 },
    test: { mode: 'whole' },
  };
}

/** Steps before, between and after the taps. */
export const segmenterPlans: Readonly<Record<string, PruningPlan>> = {
  ...plainPlans,
  'steps at every place': pruningPlan(
    { schedule: [1, 3, 4, 5].map((after) => ({ after, keep: 0.7 })) },
    'plainmamba',
  ),
};

/** Random weights, livelier than a fresh model's, so that norms and biases show. */
export function livelySegmenter(spec: UperNetSpec, seed: number): Parameters64 {
  const uniform = uniformNumbers(seed + 1);
  return new Map(
    [...randomVisionWeights(spec, seed)].map(([name, { data }]) => [
      name,
      Float64Array.from(data, (value) => value + 0.4 * (uniform() - 0.5)),
    ]),
  );
}

/** [pixels, classes]: one class each, and a tenth of the pixels without any. */
export function pixelTargets(pixels: number, classes: number, seed: number): Float32Array {
  const uniform = uniformNumbers(seed);
  const targets = new Float32Array(pixels * classes);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const label = Math.floor(uniform() * classes);
    if (uniform() > 0.1) targets[pixel * classes + label] = 1;
  }
  return targets;
}
