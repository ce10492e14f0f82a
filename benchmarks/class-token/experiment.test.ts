import { checkPlan, sequenceLength, tokenCounts, tokenLayout } from '@vssm/families';
import { checkRecipe } from '@vssm/train';
import { expect, it } from 'vitest';
import { experiments } from './experiment.ts';

const places = experiments.map(({ spec }) => tokenLayout(spec).protectedTokens[0]);

it('has the class token in the middle and first, with the same seed and nothing else that differs', () => {
  expect(places).toEqual([24, 0]);
  expect(experiments.map(({ dense }) => dense.seed)).toEqual([0, 0]);
  for (const { spec, dense, finetuning } of experiments) {
    expect({ ...spec, family: 'vim' }).toEqual(experiments[0].spec);
    expect({ ...dense, seed: 0 }).toEqual(experiments[0].dense);
    expect(finetuning).toEqual(experiments[0].finetuning);
    checkRecipe(dense);
    expect(sequenceLength(spec)).toBe(50);
  }
});

it('leaves every model and every way of pruning equally many tokens', () => {
  const counts = {
    1: [50],
    0.8: [50, 41, 33, 27],
    0.7: [50, 35, 25, 17],
    0.5: [50, 25, 13, 7],
  };
  for (const { spec, rows, trainingFree = [] } of experiments) {
    for (const { plan, keep } of [...trainingFree, ...rows]) {
      checkPlan(spec, plan);
      expect(tokenCounts(spec, plan)).toEqual(counts[keep as keyof typeof counts]);
    }
    const names = trainingFree.map(({ id }) => id);
    expect(new Set(names).size).toBe(names.length);
  }
});
