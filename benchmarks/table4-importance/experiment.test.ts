import { checkExperiment, paperTable } from '@vssm/bench';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';

describe('table 4', () => {
  it('is declared without contradictions', () => {
    checkExperiment(experiment);
  });

  it('answers every row of the paper', () => {
    const answered = new Set(experiment.rows.map(({ paper }) => paper?.row));
    expect(paperTable(experiment)!.rows.filter(({ id }) => !answered.has(id))).toEqual([]);
  });

  it('varies the reduction, and nothing else, within a keep ratio', () => {
    const pruned = experiment.rows.flatMap((row) =>
      row.kind === 'accuracy' && row.plan.schedule.length > 0 ? [row.plan] : [],
    );
    expect(pruned.length).toBeGreaterThan(0);
    const rest = pruned.map(({ reduce, schedule: _, ...others }) => JSON.stringify(others));
    expect(new Set(rest).size).toBe(1);
  });
});
