/** The engine's gradient against the float64 reference: every plan, random shapes. */
import type { PruningPlan } from '@vssm/core';
import { parameterCount, pruningPlan, type TrainableSpec, vimSpec } from '@vssm/families';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patchesOf } from '../data/patches.ts';
import { smoothedTarget } from '../reference/layers.ts';
import { referenceGradient } from '../reference/model.ts';
import { livelyParameters, plans, randomImage, smallSpec } from '../test-support/made-up.ts';
import { GradientEngine } from './engine.ts';

/** What the project promises of the float32 gradient: relative to the largest element of each parameter's. */
const tolerance = 1e-3;

/** Largest error of the engine's gradient, parameter by parameter; and of its loss. */
async function compare(spec: TrainableSpec, plan: PruningPlan, seed: number, batch: number): Promise<number> {
  const parameters = livelyParameters(spec, seed);
  const images = Array.from({ length: batch }, (_, i) => randomImage(spec, seed + i));
  const targets = images.map((_, i) => smoothedTarget((seed + i) % spec.classes, spec.classes, 0.1));
  const samples = images.map((_, i) => 10 + i);
  const engine = await GradientEngine.create({ spec, plan, batch, lossScale: 1 / batch });
  try {
    const flat = new Float32Array(engine.layout.size);
    for (const { name, first } of engine.layout.slots) flat.set(parameters.get(name)!, first);
    // The reference reads the very numbers that the engine reads.
    const rounded = new Map(
      [...parameters].map(([name, data]) => [name, Float64Array.from(data, Math.fround)]),
    );
    engine.setParameters(flat);
    const micro = {
      patches: concatenate(images.map((image) => patchesOf(spec, image))),
      targets: concatenate(targets),
      samples,
    };
    // Twice, so that nothing of one run shows in the next.
    await engine.run(micro);
    const { loss } = await engine.run(micro);
    const references = images.map((image, i) =>
      referenceGradient(spec, rounded, plan, image, targets[i], samples[i]),
    );
    const meanLoss = references.reduce((sum, one) => sum + one.loss, 0) / batch;
    let worst = Math.abs(loss - meanLoss) / meanLoss;
    const all = engine.gradients;
    for (const { name, first, size } of engine.layout.slots) {
      let scale = 1e-6;
      let error = 0;
      for (let i = 0; i < size; i++) {
        const want = references.reduce((sum, one) => sum + one.gradients.get(name)![i], 0) / batch;
        scale = Math.max(scale, Math.abs(want));
        error = Math.max(error, Math.abs(all[first + i] - want));
        if (!Number.isFinite(all[first + i])) return Number.POSITIVE_INFINITY;
      }
      worst = Math.max(worst, error / scale);
    }
    return worst;
  } finally {
    await engine.release();
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

describe('the engine’s gradient is the reference’s', () => {
  for (const [name, plan] of Object.entries(plans)) {
    it(name, async () => {
      const shapes = fc.record({
        seed: fc.integer({ min: 0, max: 2 ** 30 }),
        width: fc.constantFrom(4, 8, 12),
        stateSize: fc.constantFrom(4, 8),
        convKernel: fc.constantFrom(3, 4),
        batch: fc.constantFrom(1, 3),
      });
      await fc.assert(
        fc.asyncProperty(shapes, async ({ seed, width, batch, ...shape }) => {
          const spec = smallSpec({ ...shape, width, innerWidth: 2 * width });
          expect(await compare(spec, plan, seed, batch)).toBeLessThan(tolerance);
        }),
        { numRuns: 5, seed: 1 },
      );
    });
  }

  it('of overlapping patches, and a step after the last block', async () => {
    const spec = smallSpec({ patchSize: 4, stride: 2, inChannels: 3 });
    expect(await compare(spec, pruningPlan({ schedule: [{ after: 3, keep: 0.5 }] }), 1, 2)).toBeLessThan(
      tolerance,
    );
  });
});

it('refuses shapes that the kernels do not take, by name', async () => {
  const options = { plan: plans.dense, batch: 1, lossScale: 1 };
  await expect(
    GradientEngine.create({ ...options, spec: smallSpec({ width: 6, innerWidth: 12 }) }),
  ).rejects.toThrow('inner width 12');
  await expect(GradientEngine.create({ ...options, spec: smallSpec({ stateSize: 6 }) })).rejects.toThrow(
    'state size 6',
  );
});

it('has one slot for every parameter', async () => {
  const spec = vimSpec({ ...smallSpec() });
  const engine = await GradientEngine.create({ spec, plan: plans.dense, batch: 1, lossScale: 1 });
  expect(engine.layout.size).toBe(parameterCount(spec));
  await engine.release();
});
