import { fileURLToPath } from 'node:url';
import { checkPlan, densePlan, modelFlops, tokenCounts } from '@vssm/families';
import { readPaperTable } from '@vssm/results';
import { checkRecipe } from '@vssm/train';
import { describe, expect, it } from 'vitest';
import { experiments } from './experiment.ts';

const tables = ['table1-imagenet', 'table4-importance', 'table5-alignment'].map((name) =>
  readPaperTable(fileURLToPath(new URL(`../${name}/paper.json`, import.meta.url))),
);
const top1 = (id: string) => {
  const value = tables.flatMap(({ rows }) => rows).find((row) => row.id === id)?.values.top1;
  if (value === undefined || !('value' in value) || value.value === null)
    throw new Error(`no top-1 of ${id}`);
  return value.value;
};

describe.each(experiments.map((one) => [one.id, one] as const))('%s', (_, experiment) => {
  const { spec, rows, dense, finetuning, claims } = experiment;
  const [{ keep: main }, half] = [rows[1], rows.find(({ keep }) => keep !== 1 && keep !== rows[1].keep)!];

  it('has recipes and plans that can be run, on images that leave some for choosing', () => {
    for (const recipe of [dense, finetuning]) expect(checkRecipe(recipe).images).toBe(55_000);
    for (const { plan } of rows) checkPlan(spec, plan);
    for (const of of [rows.map(({ id }) => id), rows.map(({ plan }) => JSON.stringify(plan))]) {
      expect(new Set(of).size).toBe(rows.length);
    }
  });

  it('saves the paper’s FLOPs, and half of them, and leaves every arm equally many tokens', () => {
    const whole = modelFlops(spec, densePlan, 'paper').total;
    const published = spec.family === 'vim' ? 0.29 : 0.416;
    for (const [keep, reduction] of [
      [main, published],
      [half.keep, published / 2],
    ]) {
      const own = rows.filter((row) => row.keep === keep);
      const aligned = own.find(({ arm }) => arm === 'decay')!;
      const saved = 1 - modelFlops(spec, aligned.plan, 'paper').total / whole;
      // Counts of tokens are whole.
      expect(Math.abs(saved - reduction)).toBeLessThan(0.0015);
      const counts = own.map(({ plan }) => tokenCounts(spec, plan));
      for (const count of counts) expect(count).toEqual(counts[0]);
    }
  });

  it('names rows of the paper that are there, and claims what the paper has', () => {
    const known = (table: number) => tables.find((one) => one.table === table)!.rows.map(({ id }) => id);
    const named = rows.flatMap(({ paper = [] }) => paper);
    for (const { table, row } of named) expect(known(table)).toContain(row);
    expect(new Set(named.map(({ table, row }) => `${table} ${row}`)).size).toBe(named.length);
    const of = (arm: string) =>
      rows.find((row) => row.arm === arm)!.paper!.find(({ table }) => table === 1)!.row;
    expect(claims[0].margin).toBeCloseTo(top1(of('dense')) - top1(of('decay')), 10);
    expect(claims[0].keep).toBe(main);
  });

  it('has three seeds of everything that a claim at the paper’s reduction is about', () => {
    for (const name of new Set(claims.flatMap(({ arm, against }) => [arm, against]))) {
      const own = rows.find(({ arm, keep }) => arm === name && [1, main].includes(keep))!;
      expect(own.seeds).toEqual([1, 2, 3]);
    }
  });
});
