import { densePlan, pruningPlan } from '@vssm/families';
import { type FinetuningRecord, packRight } from '@vssm/results';
import { expect, it } from 'vitest';
import { experiments } from './experiment.ts';
import { finetunedTable, lossTables } from './table.ts';

/** Four images, of which the dense model has some right, and fewer under one plan. */
function record(family: string, seed: number, dense: boolean[], pruned: boolean[]): FinetuningRecord {
  const { spec } = experiments.find((experiment) => experiment.spec.family === family)!;
  const count = (right: readonly boolean[]) => right.filter((one) => one).length;
  const training = (correct: number, own = seed) => ({
    ...{ seed: own, steps: 1, correct, sha256: '0'.repeat(64), curve: [], tests: [] },
  });
  const of = (id: string, keep: number, right: boolean[], tokens: number[]) => ({
    ...{ row: id, label: id, arm: id, keep, schedule: '', flops: { paper: 1, strict: 1 }, tokens },
    plan: { ...densePlan, schedule: keep === 1 ? [] : [{ after: 2, keep }] },
    ...{ correct: count(right), right: packRight(right) },
  });
  const { correct: before, right: _, ...row } = of('decay', 0.5, pruned, [50, 25]);
  return {
    schema: 2,
    kind: 'finetuning',
    ...{ key: 'a', experiment: 'a', title: 'a' },
    model: { name: 'a', spec, params: 1 },
    dataset: {
      name: 'a',
      training: { split: 'train', sha256: null, total: 1 },
      test: { split: 'test', sha256: null, total: 4 },
    },
    recipes: { dense: {}, finetuning: {} },
    dense: training(count(dense)),
    rows: [
      {
        ...row,
        plan: { ...pruningPlan({ schedule: [] }), schedule: [] },
        before,
        after: [training(2, 1), training(3, 2)],
      },
    ],
    trainingFree: [of('dense', 1, dense, [50]), of('decay', 0.5, pruned, [50, 25])],
    verdicts: [{ arm: 'decay', against: 'none', keep: 0.5, gain: -1.5, interval: null, outcome: 'one seed' }],
  };
}

const [yes, no] = [true, false];
const records = [
  record('videomamba', 0, [yes, yes, yes, no], [yes, no, no, no]),
  record('vim', 0, [yes, yes, yes, yes], [yes, yes, no, yes]),
];

it('holds losses against each other image by image', () => {
  // Lost: 2 images of 4 and 1 of 4; by image 0, 1, 1, 0 against 0, 0, 1, 0: 25 points, ± 196 · sqrt(3/16) / 2.
  expect(lossTables(records)).toBe(
    [
      'Keep 0.5, 50 → 25 tokens:',
      '',
      '|  | middle, seed 0 | first, seed 0 | first, seed 0 loses more than middle, seed 0 by |',
      '|---|---|---|---|',
      '| decay | 75.00 (−25.00) | 25.00 (−50.00) | +25.00 (−17.44 to +67.44) |',
    ].join('\n'),
  );
});

it('has what one side lost where the other is not measured', () => {
  const [, , heading, , line] = lossTables(records.slice(1)).split('\n');
  expect([heading, line]).toEqual(['|  | middle, seed 0 |', '| decay | 75.00 (−25.00) |']);
  expect(lossTables([])).toBe('');
});

it('has means over the seeds of a fine-tuning', () => {
  const [, , middle, first] = finetunedTable(records).split('\n');
  expect(middle).toBe('| middle, seed 0 | 100.00 | 75.00 | 62.50 ± 17.68 | −1.50 |');
  expect(first).toContain('| first, seed 0 | 75.00 | 25.00 | 62.50 ± 17.68 |');
});
