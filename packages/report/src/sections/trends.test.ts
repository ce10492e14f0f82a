import type { HistoryEntry } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { gatherEvidence } from '../gather.ts';
import { reportFiles } from '../report.ts';
import { paper, writeMadeUpRun } from '../test-support/made-up.ts';

const flops = { paper: 1, strict: 3 };
const backend = { name: 'cpu', form: 'segments' };

function entry(day: number, correct1: number, change: Partial<HistoryEntry> = {}): HistoryEntry {
  const identity = { dataset: 'made-up', idsHash: 'ab'.repeat(32), partial: false, backend, flops };
  return {
    history: 1,
    commit: String(day).repeat(12),
    dirty: false,
    at: `2001-02-0${day}T03:04:05Z`,
    projectVersion: '0.0.0',
    machine: { id: 'made-up', cpu: 'made-up CPU', cores: 2, os: 'x', arch: 'x64', node: 'v0' },
    rows: [
      { kind: 'accuracy', row: 'made-up/<b>row', ...identity, count: 10, correct1, correct5: 10 },
      {
        kind: 'speed',
        row: 'made-up/fast',
        backend,
        threads: 2,
        batch: 1,
        medianMs: 1,
        speedup: 1 + day / 10,
        flops,
      },
    ],
    parity: [],
    against: null,
    ...change,
  };
}

async function drawn(history: readonly HistoryEntry[]) {
  const { folder } = writeMadeUpRun();
  const files = await reportFiles(gatherEvidence([folder], [paper], history));
  return {
    page: String(files.content('index.html')),
    csv: String(files.content('data/trend-accuracy.csv') ?? ''),
  };
}

describe('trends', () => {
  it('draws accuracy and speed-up of the newest machine over its commits', async () => {
    const elsewhere = { ...entry(2, 1).machine, id: 'elsewhere' };
    const { page, csv } = await drawn([entry(1, 7), entry(2, 1, { machine: elsewhere }), entry(3, 8)]);
    expect(page).toContain('2 commits on made-up CPU, 2 cores, from 2001-02-01 to 2001-02-03');
    expect(page).toContain('id="trend-accuracy"');
    expect(page).toContain('id="trend-speedup"');
    expect(page).not.toContain('<b>row');
    expect(csv.split('\r\n').slice(1, 3)).toEqual([
      '1111111,2001-02-01T03:04:05Z,"made-up/<b>row, cpu",70',
      '3333333,2001-02-03T03:04:05Z,"made-up/<b>row, cpu",80',
    ]);
  });

  it('says nothing of a single commit, or of none', async () => {
    expect((await drawn([entry(1, 7)])).page).not.toContain('From commit to commit');
    expect((await drawn([])).page).not.toContain('From commit to commit');
  });
});
