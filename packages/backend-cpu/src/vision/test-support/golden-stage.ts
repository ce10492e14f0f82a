/** Runs one stage on stored tensors, for the tests against golden data. */
import type { GoldenVision } from '@vssm/vision-tasks/test-support';
import { stored } from '@vssm/vision-tasks/test-support';
import { expect } from 'vitest';
import { type StageInputs, type StageOutputs, StageSession, type StageTensor } from '../stage.ts';

export async function runStage(model: Uint8Array, inputs: StageInputs): Promise<StageOutputs> {
  const session = await StageSession.create(model, 1);
  try {
    return await session.run(inputs);
  } finally {
    await session.dispose();
  }
}

/** A stored tensor as an input, with another shape if given. */
export function storedTensor(golden: GoldenVision, name: string, shape?: readonly number[]): StageTensor {
  return { data: stored(golden, name), shape: shape ?? golden.tensors.get(name)!.shape };
}

/** Rows of a stored tensor whose batch is one. */
export function storedRows(golden: GoldenVision, name: string): StageTensor {
  return storedTensor(golden, name, golden.tensors.get(name)!.shape.slice(1));
}

/** Maps [B, C, H, W] as tokens [B, H·W, C]. */
export function asTokens({ data, shape }: StageTensor): StageTensor {
  const [batch, channels, height, width] = shape;
  const cells = height * width;
  const tokens = data.map((_, i) => {
    const image = Math.floor(i / (cells * channels));
    const cell = Math.floor(i / channels) % cells;
    return data[(image * channels + (i % channels)) * cells + cell];
  });
  return { data: tokens, shape: [batch, cells, channels] };
}

export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, what).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (Number.isNaN(error)) expect.fail(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
    worst = Math.max(worst, error);
  }
  expect(worst, what).toBeLessThan(tolerance);
}
