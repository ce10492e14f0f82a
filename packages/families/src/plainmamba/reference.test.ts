/** Properties that every pruned forward pass must have, on random models and grids. */
import { alignments, keptCount, type PruningPlan, signals, uniformNumbers } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { sequenceLength } from '../model.ts';
import { densePlan, pruningPlan } from '../plan.ts';
import { randomWeights } from '../random-weights.ts';
import { referenceForward } from '../reference.ts';
import { plainMambaSpec } from './spec.ts';

interface Model {
  readonly spec: ReturnType<typeof plainMambaSpec>;
  readonly weights: ReturnType<typeof randomWeights>;
  readonly image: Float32Array;
  readonly seed: number;
}

function randomModel(seed: number): Model {
  const uniform = uniformNumbers(seed);
  const whole = (least: number, most: number) => least + Math.floor(uniform() * (most - least + 1));
  const spec = plainMambaSpec({
    width: whole(4, 12),
    depth: 3,
    stemWidth: whole(2, 5),
    stemConvs: whole(0, 2),
    stateSize: whole(1, 4),
    convKernel: [3, 5, 7][whole(0, 2)],
    depthwiseLayers: uniform() < 0.5 ? [whole(0, 2)] : [],
    patchSize: 4,
    imageHeight: whole(5, 26),
    imageWidth: whole(5, 26),
    positionRows: whole(1, 5),
    positionColumns: whole(1, 5),
    classes: 4,
  });
  const image = Float32Array.from(
    { length: 3 * spec.imageHeight * spec.imageWidth },
    () => 4 * uniform() - 2,
  );
  return { spec, weights: randomWeights(spec, seed), image, seed };
}

const models = [1, 2, 3, 4, 5, 6].map(randomModel);
const planOf = (options: Partial<PruningPlan> & Pick<PruningPlan, 'schedule'>) =>
  pruningPlan(options, 'plainmamba');
const twoSteps = [
  { after: 1, keep: 0.7 },
  { after: 2, keep: 0.6 },
];

describe.each(models)(
  'PlainMamba $spec.imageHeight x $spec.imageWidth, seed $seed',
  ({ spec, weights, image }) => {
    const run = (plan: PruningPlan, observe = (_name: string, _value: Float64Array) => {}) =>
      referenceForward(spec, weights, plan, image, 5, observe);
    const dense = run(densePlan);

    it.each(alignments)('keeping everything is the dense model bit for bit, %s', (alignment) => {
      expect(dense.logits.every(Number.isFinite)).toBe(true);
      expect(run(planOf({ schedule: [], alignment })).logits).toEqual(dense.logits);
      const schedule = twoSteps.map(({ after }) => ({ after, keep: 1 }));
      const { logits, kept } = run(planOf({ schedule, alignment }));
      expect(logits).toEqual(dense.logits);
      expect(kept.get(2)).toEqual(Int32Array.from({ length: sequenceLength(spec) }, (_, cell) => cell));
    });

    it.each(signals.filter((signal) => signal !== 'gated-backward'))(
      'keeps the right number, %s',
      (signal) => {
        const { kept } = run(planOf({ schedule: twoSteps, signal }));
        let before = Array.from({ length: sequenceLength(spec) }, (_, cell) => cell);
        for (const { after, keep } of twoSteps) {
          const cells = [...kept.get(after)!];
          expect(cells).toHaveLength(keptCount(before.length, keep, 'every-token'));
          expect(cells).toEqual(cells.toSorted((a, b) => a - b));
          expect(cells.every((cell) => before.includes(cell))).toBe(true);
          before = cells;
        }
      },
    );

    it.each(alignments)('never reads a pruned token again, %s', (alignment) => {
      const plan = planOf({ schedule: twoSteps, alignment });
      const honest = run(plan);
      let before: Int32Array = Int32Array.from({ length: sequenceLength(spec) }, (_, cell) => cell);
      const poisoned = run(plan, (name, tokens) => {
        const step = twoSteps.find(({ after }) => name === `layer${after - 1}.out`);
        if (step === undefined) return;
        const kept = honest.kept.get(step.after)!;
        for (const [token, cell] of before.entries()) {
          // Finite, because `mask` multiplies by zero.
          if (!kept.includes(cell)) tokens.fill(1e30, token * spec.width, (token + 1) * spec.width);
        }
        if (alignment !== 'mask') before = kept;
      });
      expect(poisoned.logits).toEqual(honest.logits);
      expect(poisoned.kept).toEqual(honest.kept);
    });

    it('answers differently by alignment, so that the properties above are not empty', () => {
      if (sequenceLength(spec) < 4) return;
      const [none, decay, mask] = alignments.map(
        (alignment) => run(planOf({ schedule: twoSteps, alignment })).logits,
      );
      expect(none).not.toEqual(dense.logits);
      expect(mask).not.toEqual(decay);
      expect(decay).not.toEqual(none);
    });
  },
);
