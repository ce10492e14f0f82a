/** Shared by the tests against golden data. */
import type { Weights } from '@vssm/core';
import { expect } from 'vitest';
import { visionReference } from '../model/index.ts';
import { type GoldenVision, stored } from './golden.ts';

/** The data are rounded to float32, 2^-24 of a value; everything else stays within `tolerance`. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  tolerance = 1e-5,
): void {
  expect(actual.length, what).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) - 2 ** -24 * Math.abs(expected[i]);
    if (Number.isNaN(error)) expect.fail(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
    worst = Math.max(worst, error);
  }
  expect(worst, what).toBeLessThan(tolerance);
}

/** One image of a stored batch [B, C, H, W]. */
export function mapOf(golden: GoldenVision, name: string, index = 0): visionReference.FeatureMap {
  const [, channels, height, width] = golden.tensors.get(name)!.shape;
  const size = channels * height * width;
  const values = stored(golden, name).subarray(index * size, (index + 1) * size);
  return visionReference.featureMap(channels, height, width, values);
}

export function parameterOf(weights: Weights): (name: string) => Float32Array {
  return (name) => {
    const tensor = weights.get(name);
    if (tensor === undefined) throw new Error(`weights have no "${name}"`);
    return tensor.data;
  };
}
