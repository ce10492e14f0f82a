/**
 * The conformance suite: one call in a backend's test file runs every golden case and every option on it,
 * against the golden data and against the float64 reference.
 */
import {
  alignments,
  convModes,
  type PruningPlan,
  pruningPlan,
  randomVimWeights,
  reductions,
  signals,
  vimSpec,
} from '@vssm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend, LoadedModel, ModelRequest, Prediction } from './backend.ts';
import { type GoldenCase, goldenBatch, goldenCases } from './golden.ts';
import { referenceBackend } from './reference.ts';

export interface Tolerance {
  /** Largest |Δlogit| against the golden float64 logits. */
  readonly golden: number;
  /** Largest |Δlogit| against the reference, relative to the largest |logit| of the case. */
  readonly relative: number;
}

/**
 * @param options added to every model request, for instance a form or a thread count
 */
export async function describeConformance(
  name: string,
  backend: Backend,
  tolerance: Tolerance,
  options: Partial<ModelRequest> = {},
): Promise<void> {
  const cases = await goldenCases();

  describe(`${name}: golden data`, () => {
    it.each(cases)('$name', async (golden) => {
      const prediction = await predict(backend, { ...golden, ...options }, golden.pixels, goldenBatch);
      expect(largestDifference(prediction.logits, golden.logits)).toBeLessThan(tolerance.golden);
      expectSameKept(prediction, golden);
    });
  });

  describe(`${name}: every option against the reference`, () => {
    const [dense] = cases;
    it.each(allPlans())('%s', async (_, plan) => {
      const request = { ...dense, plan, ...options };
      const samples = [7, 4];
      const expected = await predict(referenceBackend, request, dense.pixels, goldenBatch, samples);
      const actual = await predict(backend, request, dense.pixels, goldenBatch, samples);
      expectSameKept(actual, expected);
      expect(largestDifference(actual.logits, expected.logits)).toBeLessThan(
        tolerance.relative * largest(expected.logits),
      );
    });
  });

  describe(`${name}: shapes`, () => {
    const spec = vimSpec({
      width: 24,
      depth: 3,
      imageHeight: 12,
      imageWidth: 20,
      inChannels: 1,
      patchSize: 4,
      stride: 4,
      stateSize: 8,
      classes: 5,
    });
    const weights = randomVimWeights(spec, 3);
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.6 }] });
    const pixels = Float32Array.from({ length: 3 * 12 * 20 }, (_, i) => Math.sin(i * 0.7) + (i % 5) / 5);
    let model: LoadedModel;
    beforeAll(async () => {
      model = await backend.load({ spec, weights, plan, ...options });
    });
    afterAll(() => model.dispose());

    it('a rectangular grid, one channel, batch 1 and batch 3 give the same rows', async () => {
      const together = await model.run({ pixels, size: 3 });
      const expected = await predict(referenceBackend, { spec, weights, plan }, pixels, 3);
      expect(largestDifference(together.logits, expected.logits)).toBeLessThan(tolerance.golden);
      for (let item = 0; item < 3; item++) {
        const alone = await model.run({ pixels: pixels.subarray(item * 240, (item + 1) * 240), size: 1 });
        expect(
          largestDifference(alone.logits, together.logits.subarray(item * 5, item * 5 + 5)),
        ).toBeLessThan(tolerance.golden);
      }
    });

    it('refuses a batch whose pixels do not fit', async () => {
      await expect(model.run({ pixels: pixels.subarray(1), size: 3 })).rejects.toThrow(/719/);
    });
  });
}

/** Every combination of options that has a meaning, on a schedule with two steps. */
function allPlans(): [string, PruningPlan][] {
  const schedule = [
    { after: 2, keep: 0.6 },
    { after: 3, keep: 0.5 },
  ];
  const plans: PruningPlan[] = [];
  for (const signal of signals) {
    for (const alignment of alignments) {
      for (const conv of convModes) {
        if (alignment === 'mask' && conv === 'compact') continue;
        plans.push(pruningPlan({ schedule, signal, alignment, conv, seed: 11 }));
      }
    }
  }
  for (const reduce of reductions) {
    plans.push(pruningPlan({ schedule, reduce, order: 'mirrored', alignment: 'none' }));
    plans.push(pruningPlan({ schedule, reduce, countClassToken: true }));
    plans.push(pruningPlan({ schedule, reduce, alignment: 'none', tokenOrder: 'recentred' }));
  }
  plans.push(pruningPlan({ schedule: [{ after: 4, keep: 0.5 }] }));
  plans.push(pruningPlan({ schedule: [{ after: 1, keep: 1 }] }));
  return plans.map((plan) => [
    [plan.signal, plan.reduce, plan.order, plan.alignment, plan.conv, plan.tokenOrder].join(' ') +
      ` after ${plan.schedule.map(({ after }) => after).join(',')}${plan.countClassToken ? ' counting class' : ''}`,
    plan,
  ]);
}

async function predict(
  backend: Backend,
  request: ModelRequest,
  pixels: Float32Array,
  size: number,
  samples?: readonly number[],
): Promise<Prediction> {
  const model = await backend.load(request);
  try {
    return await model.run({ pixels, size, ...(samples && { samples }) });
  } finally {
    await model.dispose();
  }
}

function expectSameKept(actual: Pick<Prediction, 'kept'>, expected: Pick<GoldenCase, 'kept'>): void {
  expect([...actual.kept].map(([after, positions]) => [after, [...positions]])).toEqual(
    [...expected.kept].map(([after, positions]) => [after, [...positions]]),
  );
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}

/** Infinity where the lengths differ or a value is not a number, so that neither can pass. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  const differences = Array.from(a, (value, i) => Math.abs(value - b[i]));
  return differences.some(Number.isNaN) ? Infinity : largest(differences);
}
