import { densePlan, modelFlops, tokenCounts } from '@vssm/families';
import { readPaperTable } from '@vssm/results';
import { checkRecipe } from '@vssm/train';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';

const backbone = experiment.spec.backbone.spec;
const flops = (plan: (typeof experiment.rows)[number]['plan']) => modelFlops(backbone, plan, 'paper').total;

describe('the experiment', () => {
  it('prunes the backbone as far as the paper its classifier, and half as far', () => {
    const top = experiment.rows.filter(({ arm }) => arm === 'decay');
    const [main, half] = top.map(({ plan }) => 100 * (1 - flops(plan) / flops(densePlan)));
    expect(Math.abs(main - 41.6)).toBeLessThan(0.3);
    expect(Math.abs(half - 41.6 / 2)).toBeLessThan(0.3);
  });

  it('leaves every arm of a level equally many tokens', () => {
    for (const own of Map.groupBy(experiment.rows, ({ keep }) => keep).values()) {
      for (const { plan } of own)
        expect(tokenCounts(backbone, plan)).toEqual(tokenCounts(backbone, own[0].plan));
    }
  });

  it('claims what the paper’s table 3 says', () => {
    const { rows } = readPaperTable(new URL('../table3-ade20k/paper.json', import.meta.url).pathname);
    const miou = (method: string) => {
      const value = rows.find(({ id }) => id === `plainmamba-l3-upernet-${method}`)!.values.miou;
      return 'value' in value ? value.value! : Number.NaN;
    };
    const [{ margin }] = experiment.claims;
    expect(miou('dense') - miou('top')).toBeCloseTo(margin!, 10);
  });

  it('can be run', () => {
    checkRecipe(experiment.dense);
    checkRecipe(experiment.finetuning);
    expect(new Set(experiment.rows.map(({ id }) => id)).size).toBe(experiment.rows.length);
  });
});
