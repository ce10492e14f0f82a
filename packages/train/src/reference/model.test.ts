/** The float64 gradient against finite differences, and its forward pass against the project's reference. */
import { float32 } from '@vssm/core';
import { modelParameters, referenceForward, vimSpec } from '@vssm/families';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { livelyParameters, plans, randomImage, smallSpec } from '../test-support/made-up.ts';
import { smoothedTarget } from './layers.ts';
import { referenceGradient } from './model.ts';

describe('the float64 gradient', () => {
  for (const [name, plan] of Object.entries(plans)) {
    it(`is the slope of the loss: ${name}`, () => {
      fc.assert(
        fc.property(
          fc.record({
            seed: fc.integer({ min: 0, max: 2 ** 30 }),
            width: fc.constantFrom(4, 6, 8),
            patchSize: fc.constantFrom(2, 3),
            stateSize: fc.constantFrom(1, 4),
            convKernel: fc.constantFrom(2, 4),
          }),
          ({ seed, width, ...shape }) => {
            const spec = smallSpec({ ...shape, width, innerWidth: 2 * width });
            const parameters = livelyParameters(spec, seed);
            const image = randomImage(spec, seed);
            const target = smoothedTarget(seed % 3, 3, 0.1);
            const loss = () => referenceGradient(spec, parameters, plan, image, target, seed);
            const { gradients, kept } = loss();
            let checked = 0;
            // Every parameter, along its gradient with some other direction mixed in.
            for (const [parameter, values] of parameters) {
              const gradient = gradients.get(parameter)!;
              const norm = Math.sqrt(gradient.reduce((sum, slope) => sum + slope * slope, 0));
              const direction = gradient.map((slope, i) => slope / (norm + 1e-30) + 0.3 * Math.sin(i + seed));
              const before = values.slice();
              const at = (step: number) => {
                for (const [i, value] of before.entries()) values[i] = value + step * direction[i];
                const result = loss();
                // A selection that flips inside the step would make the difference meaningless.
                for (const [block, positions] of kept) {
                  if (!positions.every((p, i) => p === result.kept.get(block)![i])) return Number.NaN;
                }
                return result.loss;
              };
              const step = 2e-5 / Math.sqrt(values.length);
              const slope = (at(step) - at(-step)) / (2 * step);
              values.set(before);
              if (Number.isNaN(slope)) continue;
              const expected = gradient.reduce((sum, value, i) => sum + value * direction[i], 0);
              // 1e-5 relative; losses are exact to 1e-16, so slopes to about 1e-10.
              expect(Math.abs(slope - expected)).toBeLessThan(1e-5 * Math.abs(expected) + 1e-9);
              checked++;
            }
            expect(checked).toBeGreaterThan(parameters.size / 2);
          },
        ),
        { numRuns: 8, seed: 1 },
      );
    });
  }

  it('has the shape of every parameter', () => {
    const spec = smallSpec();
    const { gradients } = referenceGradient(
      spec,
      livelyParameters(spec, 1),
      plans.decay,
      randomImage(spec, 1),
      smoothedTarget(0, 3, 0),
    );
    const sizes = [...modelParameters(spec)].map(([name, shape]) => [name, shape.reduce((a, b) => a * b, 1)]);
    expect([...gradients].map(([name, { length }]) => [name, length]).sort()).toEqual(sizes.sort());
  });
});

describe('the forward pass of the gradient', () => {
  for (const [name, plan] of Object.entries(plans)) {
    it(`is the reference’s: ${name}`, () => {
      const spec = vimSpec({ ...smallSpec(), width: 12, innerWidth: 24, depth: 4 });
      const weights = new Map(
        [...livelyParameters(spec, 3)].map(([key, data]) => [
          key,
          float32(modelParameters(spec).get(key)!, Float32Array.from(data)),
        ]),
      );
      const parameters = new Map([...weights].map(([key, { data }]) => [key, Float64Array.from(data)]));
      const image = randomImage(spec, 5);
      const own = referenceGradient(spec, parameters, plan, image, smoothedTarget(1, 3, 0), 7);
      const want = referenceForward(spec, weights, plan, image, 7);
      expect(own.kept).toEqual(want.kept);
      // Two orders of summation of the same float64 numbers.
      for (const [i, logit] of want.logits.entries())
        expect(Math.abs(own.logits[i] - logit)).toBeLessThan(1e-11);
    });
  }
});
