import { describe, expect, it } from 'vitest';
import {
  armOf,
  bestWhole,
  byLength,
  executionGroups,
  fitLine,
  partTotals,
  profilePairs,
  pruningShare,
  timeRatio,
  tokenTimeRatio,
} from './executions.ts';
import { gatherEvidence } from './gather.ts';
import { writeMadeUpRun } from './test-support/made-up.ts';

const evidence = gatherEvidence([writeMadeUpRun().folder], []);
const groups = executionGroups(evidence);

describe('executions', () => {
  it('are kept apart from the speeds of the backend that was asked for', () => {
    expect(evidence.executions.length).toBeGreaterThan(0);
    expect(evidence.speed.every(({ record }) => record.execution === undefined)).toBe(true);
  });

  it('are grouped as they were timed, and known by what differs in a group', () => {
    expect(groups.map(({ kind, threads }) => [kind, threads])).toEqual([
      ['forms', 2],
      ['forms', 1],
      ['pruning', 2],
      ['lengths', 2],
    ]);
  });

  it('are shown once where a short and a thorough group say the same', () => {
    const short = evidence.executions.slice(0, 4).map((entry) => ({
      ...entry,
      record: { ...entry.record, execution: { ...entry.record.execution!, group: 'short' } },
    }));
    const both = executionGroups({ ...evidence, executions: [...evidence.executions, ...short] });
    expect(both).toHaveLength(groups.length);
    expect(both[0].entries).toEqual(groups[0].entries);
  });

  it('give ratios of times within rounds', () => {
    const [forms, , pruning] = groups;
    expect(timeRatio(armOf(forms, 'segments')!, armOf(forms, 'matmul-floor')!).median).toBeCloseTo(2.2, 9);
    expect(bestWhole(forms)!.record.execution!.form).toBe('whole-scan');
    expect(armOf(pruning, 'segments', 'none')).not.toBeNull();
    expect(armOf(pruning, 'segments', 'mask')).toBeNull();
    const lengths = byLength(groups[3]);
    expect(lengths.map(({ record }) => record.tokens[0])).toEqual([197, 1025, 4097]);
    expect(tokenTimeRatio(lengths[2], lengths[0]).median).toBeCloseTo(1.1, 9);
  });
});

describe('fitLine', () => {
  it('goes through points on a line, and says how far others lie off', () => {
    const line = fitLine([
      [1, 5],
      [2, 7],
      [4, 11],
    ]);
    expect(line.intercept).toBeCloseTo(3, 12);
    expect(line.slope).toBeCloseTo(2, 12);
    expect(line.deviation).toBeLessThan(1e-12);
    const bent = fitLine([
      [0, 1],
      [1, 4],
      [2, 1],
    ]);
    expect(bent).toEqual({ intercept: 2, slope: 0, deviation: 1 });
  });
});

describe('profiles', () => {
  it('pair the dense model with the pruned one, and add up', () => {
    const [{ dense, pruned }] = profilePairs(evidence);
    const totals = partTotals(dense.record);
    expect(totals.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(pruningShare(dense.record)).toBeNull();
    const { parts, scoring } = pruned!.record;
    const median = (wanted: string | null) =>
      parts.reduce((sum, { part, medianMs }) => sum + (wanted === null || part === wanted ? medianMs : 0), 0);
    expect(pruningShare(pruned!.record)!.median).toBeCloseTo(
      (median('pruning') + scoring!.medianMs) / median(null),
      9,
    );
  });
});
