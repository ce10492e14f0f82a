/** The engine's gradient against the float64 reference: every plan, random shapes. */
import type { PruningPlan } from '@vssm/core';
import { modelTensors, parameterCount, pruningPlan, type TrainableSpec } from '@vssm/families';
import { visionModels } from '@vssm/vision-tasks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothedTarget } from '../reference/layers.ts';
import { trainingInput } from '../table.ts';
import { trainingTask } from '../tasks.ts';
import {
  livelyParameters,
  plainPlans,
  plans,
  randomImage,
  registerPlans,
  smallPlainSpec,
  smallRegisterSpec,
  smallSpec,
  smallVideoSpec,
} from '../test-support/made-up.ts';
import {
  livelySegmenter,
  pixelTargets,
  segmenterPlans,
  smallUperNet,
} from '../test-support/made-up-segmenter.ts';
import { isSegmenter, type TrainedSpec } from '../trained-spec.ts';
import { GradientEngine } from './engine.ts';

/** What the project promises of the float32 gradient: relative to the largest element of each parameter's. */
const tolerance = 1e-3;

/** Largest error of the engine's gradient, parameter by parameter; and of its loss. */
async function compare(spec: TrainedSpec, plan: PruningPlan, seed: number, batch: number): Promise<number> {
  const task = trainingTask(spec);
  const { backbone, classes, answers } = task;
  const parameters = isSegmenter(spec) ? livelySegmenter(spec, seed) : livelyParameters(spec, seed);
  const images = Array.from({ length: batch }, (_, i) => randomImage(backbone, seed + i));
  const targets = images.map((_, i) =>
    isSegmenter(spec)
      ? pixelTargets(answers, classes, seed + i)
      : smoothedTarget((seed + i) % classes, classes, 0.1),
  );
  const samples = images.map((_, i) => 10 + i);
  const engine = await GradientEngine.create({ spec, plan, batch, lossScale: 1 / batch });
  const flat = new Float32Array(engine.layout.size);
  for (const { name, first } of engine.layout.slots) flat.set(parameters.get(name)!, first);
  // The reference reads the very numbers that the engine reads.
  const rounded = new Map(
    [...parameters].map(([name, data]) => [name, Float64Array.from(data, Math.fround)]),
  );
  engine.setParameters(flat);
  const micro = {
    patches: concatenate(images.map((image) => trainingInput(backbone, image))),
    targets: concatenate(targets),
    samples,
  };
  // Twice, so that nothing of one run shows in the next.
  engine.run(micro);
  const { loss } = engine.run(micro);
  const reference = task.reference(rounded, plan, { images, targets, samples });
  // What all cells of a tap are shifted by goes through the BatchNorms without effect: such slopes are sums that cancel, and
  // are held to the model's largest.
  const floor = isSegmenter(spec) ? (1e-3 * largest(reference.gradients)) / batch : 1e-6;
  let worst = Math.abs(loss - reference.loss / batch) / (reference.loss / batch);
  const all = engine.gradients;
  for (const { name, first, size, statistic } of engine.layout.slots) {
    const wanted = statistic
      ? reference.statistics.get(name)!
      : reference.gradients.get(name)!.map((value) => value / batch);
    let scale = floor;
    let error = 0;
    for (let i = 0; i < size; i++) {
      scale = Math.max(scale, Math.abs(wanted[i]));
      error = Math.max(error, Math.abs(all[first + i] - wanted[i]));
      if (!Number.isFinite(all[first + i])) return Number.POSITIVE_INFINITY;
    }
    worst = Math.max(worst, error / scale);
  }
  return worst;
}

function largest(gradients: ReadonlyMap<string, Float64Array>): number {
  return Math.max(
    ...[...gradients.values()].flatMap((gradient) => gradient.map(Math.abs).reduce((a, b) => Math.max(a, b))),
  );
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

const shapes = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 30 }),
  width: fc.constantFrom(4, 8, 12),
  stateSize: fc.constantFrom(4, 8),
  other: fc.boolean(),
  batch: fc.constantFrom(1, 3),
});

const families = {
  Vim: {
    plans,
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallSpec({ width, innerWidth: 2 * width, stateSize, convKernel: other ? 3 : 4 }),
  },
  VideoMamba: {
    plans,
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallVideoSpec({ width, innerWidth: 2 * width, stateSize, convKernel: other ? 3 : 4 }),
  },
  'Mamba-Reg': {
    plans: registerPlans(),
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallRegisterSpec({
        ...(other && { registers: 4, reduction: 2 }),
        width,
        innerWidth: 2 * width,
        stateSize,
        convKernel: other ? 3 : 4,
      }),
  },
  PlainMamba: {
    plans: plainPlans,
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallPlainSpec({
        ...{ width, innerWidth: 2 * width, stateSize, convKernel: other ? 3 : 7, stemConvs: other ? 0 : 2 },
        ...(other && { patchSize: 2, imageHeight: 8, imageWidth: 10, inChannels: 2 }),
      }),
  },
};

for (const [family, { plans: own, spec: specOf }] of Object.entries(families)) {
  describe(`the engine’s gradient is the reference’s: ${family}`, () => {
    for (const [name, plan] of Object.entries(own)) {
      it(name, async () => {
        await fc.assert(
          fc.asyncProperty(shapes, async ({ seed, width, stateSize, other, batch }) => {
            expect(await compare(specOf(width, stateSize, other), plan, seed, batch)).toBeLessThan(tolerance);
          }),
          { numRuns: 5, seed: 1 },
        );
      });
    }
  });
}

describe('the engine’s gradient is the reference’s: UperNet on PlainMamba', () => {
  for (const [name, plan] of Object.entries(segmenterPlans)) {
    it(name, async () => {
      await fc.assert(
        fc.asyncProperty(shapes, async ({ seed, width, stateSize, other, batch }) => {
          const shape = {
            ...{ width, innerWidth: 2 * width, stateSize, stemConvs: other ? 0 : 2 },
            ...(other && { patchSize: 4, imageHeight: 10, imageWidth: 14, inChannels: 3 }),
          };
          // A bin of one cell of one picture has no variance to go by.
          const images = Math.max(2, batch);
          expect(await compare(smallUperNet(shape), plan, seed, images)).toBeLessThan(tolerance);
        }),
        { numRuns: 3, seed: 1 },
      );
    });
  }
});

it('of overlapping patches, and a step after the last block', async () => {
  const spec = smallSpec({ patchSize: 4, stride: 2, inChannels: 3 });
  const plan = pruningPlan({ schedule: [{ after: 3, keep: 0.5 }] });
  expect(await compare(spec, plan, 1, 2)).toBeLessThan(tolerance);
});

describe('refuses shapes that have no gradient, by name', () => {
  const cases: readonly (readonly [TrainableSpec, string])[] = [
    [smallSpec({ width: 6, innerWidth: 12 }), 'inner width 12'],
    [smallSpec({ stateSize: 6 }), 'state size 6'],
    [smallPlainSpec({ width: 6, innerWidth: 12 }), 'inner width 12'],
    [smallPlainSpec({ stateSize: 6 }), 'state size 6'],
    [smallPlainSpec({ convKernel: 13 }), 'a 13x13 convolution on a grid of 3x4'],
    [smallPlainSpec({ depthwiseLayers: [1] }), 'layer 1 ends in a depthwise convolution'],
    [{ ...smallPlainSpec(), positionRows: 5 }, 'a position embedding of 5x4 on a grid of 3x4'],
  ];
  it.each(cases)('%#: %s', async (spec, problem) => {
    const options = { plan: plans.dense, batch: 1, lossScale: 1 };
    await expect(GradientEngine.create({ ...options, spec })).rejects.toThrow(problem);
  });

  it('an UperNet on a Vim', async () => {
    const spec = visionModels['vim-tiny-upernet'];
    await expect(GradientEngine.create({ spec, plan: plans.dense, batch: 1, lossScale: 1 })).rejects.toThrow(
      'an UperNet on vim has no gradients here',
    );
  });
});

it.each([smallSpec(), smallPlainSpec()])('has one slot for every parameter and buffer', async (spec) => {
  const engine = await GradientEngine.create({ spec, plan: plans.dense, batch: 1, lossScale: 1 });
  const { slots } = engine.layout;
  expect(slots.map(({ name }) => name)).toEqual([...modelTensors(spec).keys()]);
  const parameters = slots.filter(({ statistic }) => !statistic);
  expect(parameters.reduce((sum, { size }) => sum + size, 0)).toBe(parameterCount(spec));
});
