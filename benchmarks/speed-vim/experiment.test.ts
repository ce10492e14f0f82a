import { checkExperiment } from '@vssm/bench';
import { isModelName, models, promisedSpeedup } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';

describe('speed of Vim', () => {
  it('is declared without contradictions', () => {
    checkExperiment(experiment);
  });

  it('times pruned models of which strict FLOPs promise some gain', () => {
    const rows = experiment.rows.filter((row) => row.kind === 'speed');
    const pruned = rows.filter(({ against }) => against !== null);
    expect(pruned.map(({ id }) => id)).toEqual([
      'vim-tiny-top',
      'vim-tiny-evit',
      'vim-small-top',
      'vim-small-evit',
      'videomamba-tiny-top',
      'mambareg-tiny-top',
    ]);
    for (const { model, plan, against } of pruned) {
      const dense = rows.find(({ id }) => id === against)!;
      if (!isModelName(model)) throw new Error(`${model} is no published size`);
      expect(promisedSpeedup(models[model], dense.plan, plan)).toBeGreaterThan(1.1);
    }
  });
});
