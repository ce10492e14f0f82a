import type { ProfileRecord, SpeedRecord } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../evidence.ts';
import { gatherEvidence } from '../../gather.ts';
import { writeMadeUpRun } from '../../test-support/made-up.ts';
import { targets } from './targets.ts';

const evidence = gatherEvidence([writeMadeUpRun().folder], []);

/** The evidence with some times stretched. */
function slower(factor: number, which: (record: SpeedRecord) => boolean): Evidence {
  const executions = evidence.executions.map((entry) => {
    if (!which(entry.record)) return entry;
    const samplesMs = entry.record.samplesMs.map((ms) => factor * ms);
    return { ...entry, record: { ...entry.record, samplesMs } };
  });
  return { ...evidence, executions };
}

const verdicts = (of: Evidence) => targets(of).map(({ verdict }) => verdict);
const segments = ({ execution, plan, row }: SpeedRecord) =>
  execution?.form === 'segments' && plan.schedule.length === 0 && row.startsWith('forms');

describe('targets', () => {
  it('are the bounds of forms, pruning, its overhead, and lengths', () => {
    expect(targets(evidence).map(({ measured, verdict }) => [measured, verdict])).toEqual([
      ['2.50×', 'holds'],
      ['2.40×', 'missed'],
      ['2.20×', 'missed'],
      ['2.73×', 'missed'],
      ['0.94 GB', 'holds'],
      [expect.stringMatching(/^9\d\.\d %$/), 'holds'],
      ['+1.0 %', 'holds'],
      [expect.stringMatching(/^0\.\d %$/), 'holds'],
      ['1.10×', 'holds'],
      ['0.0 %', 'holds'],
    ]);
  });

  it('tell a goal reached from a bound that holds, and both from one that is missed', () => {
    expect(verdicts(slower(0.7, segments)).slice(2, 4)).toEqual(['holds', 'goal']);
    expect(verdicts(slower(0.65, segments)).slice(2, 4)).toEqual(['goal', 'goal']);
    expect(verdicts(slower(1.2, segments)).slice(2, 4)).toEqual(['missed', 'missed']);
  });

  it('are missed where pruning gains too little, decay costs too much, or long sequences do', () => {
    const decays = ({ plan, row }: SpeedRecord) => row === 'decay' && plan.alignment === 'decay';
    expect(verdicts(slower(1.1, decays)).slice(5, 7)).toEqual(['missed', 'missed']);
    expect(verdicts(slower(1.2, ({ row }) => row === 'lengths-4097'))[8]).toBe('missed');
  });

  it('are missed where scoring takes too long', () => {
    const profiles = evidence.profiles.map((entry) => {
      const scoring: ProfileRecord['scoring'] =
        entry.record.scoring === null
          ? null
          : { ...entry.record.scoring, samplesMs: entry.record.scoring.samplesMs.map((ms) => 20 * ms) };
      return { ...entry, record: { ...entry.record, scoring } };
    });
    expect(verdicts({ ...evidence, profiles })[7]).toBe('missed');
  });

  it('are not decided where other work disturbed one of the timings, whatever its times say', () => {
    const executions = evidence.executions.map((entry) => {
      const otherWork = { share: 0.31, disturbed: segments(entry.record), setAside: 3 };
      const processorMs = entry.record.samplesMs.map((ms) => 2 * ms);
      return { ...entry, record: { ...entry.record, otherWork, processorMs } };
    });
    const found = targets({ ...evidence, executions });
    expect(found.map(({ verdict }) => verdict)).toEqual([
      'holds',
      'missed',
      'undecided',
      'undecided',
      ...verdicts(evidence).slice(4),
    ]);
    expect(found[2].note).toBe('disturbed: other work took 31 % of the processors; by processor time 2.20×');
    expect(found[0].note).toBe('');
  });

  it('are not spoken of where nothing was measured', () => {
    expect(targets({ ...evidence, executions: [], profiles: [] })).toEqual([]);
  });
});
