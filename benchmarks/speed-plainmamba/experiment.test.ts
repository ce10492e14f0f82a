import { checkExperiment } from '@vssm/bench';
import { models, promisedSpeedup } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';

describe('speed of PlainMamba', () => {
  it('is declared without contradictions', () => {
    checkExperiment(experiment);
  });

  it('times pruned models of which strict FLOPs promise some gain', () => {
    const rows = experiment.rows.filter((row) => row.kind === 'speed');
    const pruned = rows.filter(({ against }) => against !== null);
    expect(pruned.map(({ id }) => id)).toEqual(['plainmamba-l1-top', 'plainmamba-l3-top']);
    for (const { model, plan, against } of pruned) {
      const dense = rows.find(({ id }) => id === against)!;
      const promise = promisedSpeedup(models[model as 'plainmamba-l1' | 'plainmamba-l3'], dense.plan, plan);
      expect(promise).toBeGreaterThan(1.3);
    }
  });
});
