import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AccuracyRecord, resultsFileName } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { gatherEvidence } from './evidence.ts';
import { writeMadeUpRun } from './made-up.test-data.ts';

/** A made-up run with copies of its first accuracy appended, each with a key of its own. */
function runWith(changes: readonly ((record: AccuracyRecord) => AccuracyRecord)[]) {
  const { folder } = writeMadeUpRun();
  const file = join(folder, resultsFileName);
  const records = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const first = records.find(({ kind }) => kind === 'accuracy') as AccuracyRecord;
  for (const [copy, change] of changes.entries()) {
    const record = change({ ...first, key: `${first.key.slice(0, 100)}.copy${copy}` });
    appendFileSync(file, `${JSON.stringify(record)}\n`);
  }
  const same = gatherEvidence([folder], []).accuracy.filter(
    ({ record }) => record.experiment === first.experiment && record.row === first.row,
  );
  return { first, keys: same.map(({ record }) => record.key) };
}

const cutDown = (record: AccuracyRecord): AccuracyRecord => ({
  ...record,
  sample: { ...record.sample, how: 'limit', partial: true, idsHash: 'f'.repeat(64) },
});

describe('several results of one row', () => {
  it('a complete one replaces a cut-down one, whichever came first', () => {
    const { first, keys } = runWith([cutDown]);
    expect(first.sample.partial).toBe(false);
    expect(keys).toEqual([first.key]);
  });

  it('the newest on the same images counts', () => {
    const { keys } = runWith([(record) => record, (record) => record]);
    expect(keys).toEqual([expect.stringMatching(/copy1$/)]);
  });

  it('results on other images stand beside it', () => {
    const other = (record: AccuracyRecord): AccuracyRecord => ({
      ...record,
      sample: { ...record.sample, idsHash: 'e'.repeat(64) },
    });
    expect(runWith([other]).keys).toHaveLength(2);
  });
});
