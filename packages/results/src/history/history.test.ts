import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { openResults } from '../open.ts';
import type { AccuracyRecord } from '../schema.ts';
import { accuracy, everyKind, run, speed } from '../test-support/records.ts';
import { temporaryFolder } from '../test-support/temporary-folder.ts';
import { type HistoryEntry, historyEntry, machineIdOf, readHistory, writeHistory } from './entry.ts';
import { heldAgainst, type Regression } from './gates.ts';
import { backendParity } from './parity.ts';

const committed = { ...run, git: { commit: 'a'.repeat(40), dirty: false } };
const parity = {
  row: 'made-up/dense',
  backends: ['cpu whole', 'reference x'] as [string, string],
  images: 4,
  differing: 0,
};
const first = historyEntry([committed, ...everyKind.slice(1)], [parity], null);

/** The same machine a day later, on another commit. */
const later = (change: Partial<HistoryEntry> = {}): HistoryEntry => ({
  ...structuredClone(first),
  commit: 'b'.repeat(40),
  at: '2026-01-03T03:04:05Z',
  ...change,
});
const withRow = (kind: 'accuracy' | 'speed', change: object) =>
  later({
    rows: first.rows.map((row) =>
      row.kind === kind && (row.kind !== 'speed' || row.speedup !== null) ? { ...row, ...change } : row,
    ),
  });
const regressions = (...args: Parameters<typeof heldAgainst>) => heldAgainst(...args).regressions;
const gates = (found: readonly Regression[]) => found.map(({ gate }) => gate);

describe('history', () => {
  it('keeps what is compared, and gives it back', () => {
    expect(first.rows.map(({ kind, row }) => [kind, row])).toEqual([
      ['accuracy', 'made-up/dense'],
      ['speed', 'made-up/pruned'],
      ['speed', 'made-up/matmul-floor'],
    ]);
    const folder = temporaryFolder();
    writeHistory(folder, later());
    writeHistory(folder, first);
    writeHistory(folder, first);
    expect(readHistory(folder)).toEqual([first, later()]);
    expect(readdirSync(folder)).toEqual([first.machine.id]);
    expect(readHistory(join(folder, 'nowhere'))).toEqual([]);
  });

  it('names a file that is none', () => {
    const folder = temporaryFolder();
    const file = writeHistory(folder, first);
    writeFileSync(file, '{"history":1}');
    expect(() => readHistory(folder)).toThrow(UserError);
    expect(() => readHistory(folder)).toThrow(file);
    writeFileSync(file, 'x');
    expect(() => readHistory(folder)).toThrow(`${file}: not JSON`);
  });

  it('needs one commit', () => {
    expect(() => historyEntry([run], [], null)).toThrow('name no commit');
    const other = { ...run, key: 'run-2', git: { commit: 'c'.repeat(40), dirty: false } };
    expect(() => historyEntry([committed, other], [], null)).toThrow('several commits');
  });

  it('tells machines apart by what computes, not by their system’s version', () => {
    const one = machineIdOf(run.environment);
    expect(one).toMatch(/^made-up-cpu-2-linux-x64-[0-9a-f]{8}$/);
    expect(machineIdOf({ ...run.environment, os: 'linux 7' })).toBe(one);
    expect(machineIdOf({ ...run.environment, cores: 4 })).not.toBe(one);
    expect(machineIdOf({ ...run.environment, cpu: '…' })).toMatch(/^2-linux/);
  });
});

describe('what was compared', () => {
  it('is counted, so that nothing compared is not taken for nothing wrong', () => {
    const none = { flops: 0, accuracy: 0, time: 0, parity: 0 };
    expect(heldAgainst(first, []).compared).toEqual(none);
    expect(heldAgainst(first, [first, later()]).compared).toEqual(none);
    expect(heldAgainst(later(), [first]).compared).toEqual({ flops: 3, accuracy: 1, time: 1, parity: 1 });
    const otherImages = withRow('accuracy', { idsHash: 'f'.repeat(64) });
    expect(heldAgainst(otherImages, [first]).compared).toMatchObject({ flops: 3, accuracy: 0 });
    const elsewhere = later({ machine: { ...first.machine, id: 'another' } });
    expect(heldAgainst(elsewhere, [first])).toMatchObject({
      compared: { ...none, flops: 3 },
      regressions: [],
    });
  });
});

describe('regressions', () => {
  it('finds none where nothing changed, in the first entry, or before the entry', () => {
    expect(regressions(later(), [first, later()])).toEqual([]);
    expect(regressions(first, [])).toEqual([]);
    expect(regressions(first, [withRow('accuracy', { correct1: 0 })])).toEqual([]);
  });

  it.each([
    [withRow('accuracy', { correct1: 1 }), ['accuracy']],
    // Better is a change too.
    [withRow('accuracy', { correct1: 3 }), ['accuracy']],
    [withRow('accuracy', { correct1: 3, idsHash: 'cd'.repeat(32) }), []],
    [withRow('accuracy', { flops: { paper: 1.0000001, strict: 3 } }), ['flops']],
    [withRow('speed', { flops: { paper: 1, strict: 2.9 } }), ['flops']],
    [withRow('speed', { speedup: 1.75 }), []],
    [withRow('speed', { speedup: 1.6 }), ['time']],
    [withRow('speed', { speedup: 1.6, disturbed: true }), []],
    [withRow('speed', { medianMs: 100 }), []],
    [later({ parity: [{ ...parity, differing: 1 }] }), ['parity']],
    [later({ parity: [{ ...parity, images: 8, differing: 1 }] }), []],
    [later({ rows: first.rows.slice(1) }), ['gone']],
    [later({ against: { commit: 'v1', rounds: 5, median: 0.9, min: 0.8, max: 1 } }), []],
    [later({ against: { commit: 'v1', rounds: 5, median: 0.8, min: 0.7, max: 0.9 } }), ['time']],
  ])('case %#', (entry, expected) => {
    expect(gates(regressions(entry, [first]))).toEqual(expected);
  });

  it('compares times and counts on the same machine only, FLOPs on all', () => {
    const elsewhere = { ...first, machine: { ...first.machine, id: 'another' } };
    const changed = withRow('accuracy', { correct1: 0, flops: { paper: 2, strict: 3 } });
    expect(gates(regressions(changed, [elsewhere]))).toEqual(['flops']);
  });

  it('says what it was, and where', () => {
    const [{ message }] = regressions(withRow('accuracy', { correct1: 1 }), [first]);
    expect(message).toBe('right among 1 and 5: 2 and 3 of 4 in aaaaaaaaaaaa, now 1 and 3 of 4 (cpu)');
  });
});

describe('backendParity', () => {
  it('counts the images on which two backends give another first answer', () => {
    const answers = (backend: string, tops: readonly number[]) => {
      const folder = join(temporaryFolder(), 'run');
      const results = openResults(folder);
      const file = results.predictions('accuracy-1');
      file.append(tops.map((top, index) => ({ index, label: 0, top: [top] })));
      const record: AccuracyRecord = {
        ...accuracy,
        backend: { name: backend, form: 'x' },
        predictions: file.finish(),
      };
      results.append(record);
      results.append(speed);
      results.close();
      return { folder, records: [record, speed] };
    };
    const runs = [
      answers('reference', [0, 1, 2, 3]),
      answers('cpu', [0, 1, 2, 9]),
      answers('cuda', [0, 1, 2, 3]),
    ];
    expect(backendParity(runs)).toEqual([
      { row: 'made-up/dense', backends: ['cpu x', 'cuda x'], images: 4, differing: 1 },
      { row: 'made-up/dense', backends: ['cpu x', 'reference x'], images: 4, differing: 1 },
    ]);
    expect(backendParity(runs.slice(0, 1))).toEqual([]);
  });

  it('holds no disturbed time against another, and counts how many', () => {
    const slow = withRow('speed', { speedup: 1, disturbed: true });
    expect(heldAgainst(slow, [first])).toMatchObject({ regressions: [], disturbed: 1 });
    const against = { commit: 'c', rounds: 5, median: 0.5, min: 0.4, max: 0.6 };
    const quiet = { share: 0.01, disturbed: false, setAside: 0 };
    const busy = { share: 0.4, disturbed: true, setAside: 0 };
    const gatesOf = (otherWork: typeof quiet) =>
      gates(regressions(later({ against: { ...against, otherWork } }), [first]));
    expect([gatesOf(quiet), gatesOf(busy)]).toEqual([['time'], []]);
    // Nor is a disturbed earlier time what a later one must reach.
    expect(
      gates(
        regressions(withRow('speed', { speedup: 1.6 }), [{ ...slow, commit: 'd'.repeat(40), at: first.at }]),
      ),
    ).toEqual([]);
  });
});
