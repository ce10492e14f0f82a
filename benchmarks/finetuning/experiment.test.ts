import { checkPlan, sequenceLength, tokenCounts } from '@vssm/families';
import { checkRecipe } from '@vssm/train';
import { expect, it } from 'vitest';
import { experiment } from './experiment.ts';

it('has the token geometry of the paper', () => {
  expect(sequenceLength(experiment.spec)).toBe(197);
});

it('declares plans and recipes that can be run, under ids of their own', () => {
  for (const { plan } of experiment.rows) checkPlan(experiment.spec, plan);
  checkRecipe(experiment.dense);
  checkRecipe(experiment.finetuning);
  expect(new Set(experiment.rows.map(({ id }) => id)).size).toBe(experiment.rows.length);
});

it('leaves every way of pruning equally many tokens', () => {
  for (const keep of [0.7, 0.5]) {
    const counts = experiment.rows
      .filter((row) => row.keep === keep)
      .map(({ plan }) => tokenCounts(experiment.spec, plan));
    for (const own of counts) expect(own).toEqual(counts[0]);
    expect(counts[0]).toEqual(keep === 0.7 ? [197, 139, 97, 69] : [197, 99, 49, 25]);
  }
});

it('compares arms that are there, with three seeds each', () => {
  for (const name of new Set(experiment.claims.flatMap(({ arm, against }) => [arm, against]))) {
    const own = experiment.rows.filter((row) => row.arm === name);
    expect(own.map(({ seeds }) => seeds)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  }
});
