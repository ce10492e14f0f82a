/** The float64 gradient against finite differences, and its forward pass against the project's reference. */
import { modelParameters, modelTensors, referenceForward, type TrainableSpec } from '@vssm/families';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceGradient } from '../table.ts';
import {
  inferenceWeights,
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
import { smoothedTarget } from './layers.ts';

/** By family: models of a random shape, and plans. */
const families = {
  Vim: {
    plans,
    images: 1,
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallSpec({
        width,
        innerWidth: 2 * width,
        stateSize,
        convKernel: other ? 2 : 4,
        patchSize: other ? 3 : 2,
      }),
  },
  VideoMamba: {
    plans,
    images: 1,
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallVideoSpec({
        width,
        innerWidth: 2 * width,
        stateSize,
        convKernel: other ? 2 : 4,
        patchSize: other ? 3 : 2,
      }),
  },
  'Mamba-Reg': {
    plans: registerPlans(),
    images: 1,
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallRegisterSpec({
        ...(other && { registers: 4, reduction: 2 }),

        width,
        innerWidth: 2 * width,
        stateSize,
        convKernel: other ? 2 : 4,
      }),
  },
  PlainMamba: {
    plans: plainPlans,
    // BatchNorm goes by all of them.
    images: 2,
    spec: (width: number, stateSize: number, other: boolean): TrainableSpec =>
      smallPlainSpec({
        ...{ width, innerWidth: 2 * width, stateSize, convKernel: other ? 1 : 3, stemConvs: other ? 0 : 1 },
        ...(other && { patchSize: 2, imageHeight: 6, imageWidth: 8, inChannels: 2 }),
      }),
  },
};

for (const [family, { plans: own, images: count, spec: specOf }] of Object.entries(families)) {
  describe(`the float64 gradient of ${family}`, () => {
    for (const [name, plan] of Object.entries(own)) {
      it(`is the slope of the loss: ${name}`, () => {
        fc.assert(
          fc.property(
            fc.record({
              seed: fc.integer({ min: 0, max: 2 ** 30 }),
              width: fc.constantFrom(4, 6, 8),
              stateSize: fc.constantFrom(1, 4),
              other: fc.boolean(),
            }),
            ({ seed, width, stateSize, other }) => {
              const spec = specOf(width, stateSize, other);
              const parameters = livelyParameters(spec, seed);
              const images = imagesOf(spec, seed, count);
              const loss = () => referenceGradient(spec, parameters, plan, images);
              const { gradients, kept } = loss();
              let checked = 0;
              // Every parameter, along its gradient with some other direction mixed in.
              for (const parameter of modelParameters(spec).keys()) {
                const values = parameters.get(parameter)!;
                const gradient = gradients.get(parameter)!;
                const norm = Math.sqrt(gradient.reduce((sum, slope) => sum + slope * slope, 0));
                const direction = gradient.map(
                  (slope, i) => slope / (norm + 1e-30) + 0.3 * Math.sin(i + seed),
                );
                const before = values.slice();
                const at = (step: number) => {
                  for (const [i, value] of before.entries()) values[i] = value + step * direction[i];
                  const result = loss();
                  // A selection that flips inside the step would make the difference meaningless.
                  return sameKept(kept, result.kept) ? result.loss : Number.NaN;
                };
                const step = 2e-5 / Math.sqrt(values.length);
                const slope = (at(step) - at(-step)) / (2 * step);
                values.set(before);
                if (Number.isNaN(slope)) continue;
                const expected = gradient.reduce((sum, value, i) => sum + value * direction[i], 0);
                // 1e-5 relative; losses are exact to 1e-16, so slopes to about 1e-10.
                expect(Math.abs(slope - expected), parameter).toBeLessThan(1e-5 * Math.abs(expected) + 1e-9);
                checked++;
              }
              expect(checked).toBeGreaterThan(parameters.size / 2);
            },
          ),
          // A micro-batch of several images costs as much more.
          { numRuns: 8 / count, seed: 1 },
        );
      });
    }

    it('has the shape of every parameter, and statistics that of every buffer', () => {
      const spec = specOf(8, 4, false);
      const { gradients, statistics } = referenceGradient(
        spec,
        livelyParameters(spec, 1),
        own.decay,
        imagesOf(spec, 1, count),
      );
      const sizes = [...modelTensors(spec)].map(([name, shape]) => [name, shape.reduce((a, b) => a * b, 1)]);
      const got = [...gradients, ...statistics].map(([name, { length }]) => [name, length]);
      expect(got.sort()).toEqual(sizes.sort());
    });
  });

  describe(`the forward pass of ${family}’s gradient`, () => {
    for (const [name, plan] of Object.entries(own)) {
      it(`is the reference’s: ${name}`, () => {
        const spec = { ...specOf(12, 4, false), depth: 4 };
        const images = imagesOf(spec, 5, 1);
        const parameters = livelyParameters(spec, 3);
        const result = referenceGradient(spec, parameters, plan, images);
        const weights = inferenceWeights(spec, parameters, result.statistics, 1);
        const want = referenceForward(spec, weights, plan, images.images[0], images.samples[0]);
        expect(result.kept[0]).toEqual(want.kept);
        // Two orders of summation of the same float64 numbers.
        for (const [i, logit] of want.logits.entries()) {
          expect(Math.abs(result.logits[0][i] - logit)).toBeLessThan(1e-11);
        }
      });
    }
  });
}

function imagesOf(spec: TrainableSpec, seed: number, count: number) {
  const indices = Array.from({ length: count }, (_, i) => seed + i);
  return {
    images: indices.map((index) => randomImage(spec, index)),
    targets: indices.map((index) => smoothedTarget(index % 3, 3, 0.1)),
    samples: indices,
  };
}

type Kept = readonly ReadonlyMap<number, Int32Array>[];

function sameKept(a: Kept, b: Kept): boolean {
  return a.every((own, image) =>
    [...own].every(([block, positions]) =>
      positions.every((position, i) => position === b[image].get(block)![i]),
    ),
  );
}
