import type { AccuracyRecord } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../evidence.ts';
import { FileSet } from '../../files.ts';
import { gatherEvidence } from '../../gather.ts';
import { PairedComparison } from '../../paired.ts';
import { writeMadeUpRun } from '../../test-support/made-up.ts';
import { league } from './league.ts';
import { bestWays, front, grounds, originOf, standings } from './standing.ts';

const evidence = gatherEvidence([writeMadeUpRun({ league: true }).folder], []);
const [some] = evidence.league;

function row(top1: number, interval: [number, number], strict = 1, change = {}): Entry<AccuracyRecord> {
  const { record } = some;
  const plan = { ...record.plan, ...change };
  return { ...some, record: { ...record, plan, top1, interval, flops: { paper: strict, strict } } };
}

describe('the league', () => {
  it('gives the places that intervals allow', () => {
    const rows = [row(50, [48, 52]), row(70, [68, 72]), row(53, [51, 55]), row(69, [67, 71])];
    expect(standings(rows).map(({ entry, places }) => [entry.record.top1, ...places])).toEqual([
      [70, 1, 2],
      [69, 1, 2],
      [53, 3, 4],
      [50, 3, 4],
    ]);
  });

  it('draws the front through what nothing beats for its cost', () => {
    const rows = [
      row(90, [0, 0], 10),
      row(70, [0, 0], 5),
      row(71, [0, 0], 6),
      row(60, [0, 0], 7),
      row(69, [0, 0], 5),
    ];
    expect(front(rows).map(({ record }) => record.top1)).toEqual([70, 71, 90]);
  });

  it('takes of each contender the way that came highest', () => {
    const rows = [
      row(70, [0, 0], 1, { conv: 'positional' }),
      row(72, [0, 0], 1, { conv: 'compact' }),
      row(60, [0, 0], 1, { reduce: 'l1' }),
    ];
    expect(bestWays(standings(rows)).map(({ entry }) => entry.record.top1)).toEqual([72, 60]);
  });

  it('says where a rule is from, and that merging what it only ranks is ours', () => {
    const plan = some.record.plan;
    expect(originOf({ ...plan, signal: 'gated' })).toBe('as published');
    expect(originOf({ ...plan, signal: 'delta', operation: 'merge' })).toBe('our reading; merging ours');
    expect(originOf({ ...plan, signal: 'tome', operation: 'merge' })).toBe('as published');
    expect(originOf({ ...plan, signal: 'class-contribution', operation: 'merge' })).toBe('ours');
  });

  it('keeps its rows from the other sections, schedules in the order of their mildness', () => {
    expect(evidence.accuracy).toEqual([]);
    const [ground] = grounds(evidence.league);
    expect(ground.dense?.record.schedule).toBe('');
    expect(ground.schedules.map(([{ entry }]) => entry.record.schedule)).toEqual([
      '2,4,6@0.9',
      '2,4,6@0.7',
      '2,4,6@0.5',
    ]);
  });

  it('shows ranks, origins, and differences to the first image by image', async () => {
    const section = await league({ evidence, files: new FileSet(), paired: new PairedComparison() });
    const { text } = section!.body;
    expect(text).toContain('ordered ToMe, merge by hidden');
    expect(text).toContain('as published');
    expect(text).toContain('none + compact, proportional');
    expect(text).toMatch(/<td class="number">\d+–\d+<\/td>/);
    const [{ entry: first }, { entry: second }] = grounds(evidence.league)[0].schedules[0];
    const { difference } = new PairedComparison().compare(second, first)!;
    expect(text).toContain(`\u2212${Math.abs(difference).toFixed(2)}<small class="line">`);
    expect(text).toContain('<details><summary>All 9 rows at 2,4,6@0.9</summary>');
  });

  it('is no section where nothing was run', async () => {
    const nothing = { ...evidence, league: [] };
    expect(
      await league({ evidence: nothing, files: new FileSet(), paired: new PairedComparison() }),
    ).toBeNull();
  });
});
