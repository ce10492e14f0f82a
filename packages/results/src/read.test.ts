import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { latestRecords, readLimits, readResults } from './read.ts';
import { accuracy, everyKind, profile, rival, run, shard, skipped, vision } from './test-support/records.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

function fileWith(content: string | Uint8Array): string {
  const file = join(temporaryFolder(), 'results.jsonl');
  writeFileSync(file, content);
  return file;
}

const lines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

describe('readResults', () => {
  it('reads every kind, from the file or its folder', () => {
    const file = fileWith(lines(everyKind));
    expect(readResults(file).records).toEqual(everyKind);
    expect(readResults(join(file, '..')).records).toEqual(everyKind);
  });

  it('reads the words of earlier files as today’s', () => {
    const found = { scoring: { kind: 'segmentation', classes: 2 }, input: vision.input, timed: 2, parts: [] };
    const visionShard = { ...shard, model: vision.model, vision: found };
    const { vision: _, ...shardBefore } = { ...visionShard, dense: found };
    const [part] = profile.parts;
    const before = [
      { ...vision, kind: 'dense' },
      shardBefore,
      { ...profile, parts: [{ ...part, part: 'dense' }] },
      { ...rival, execution: { ...rival.execution, form: 'floor' } },
    ];
    const after = [vision, visionShard, { ...profile, parts: [{ ...part, part: 'inter-scan' }] }, rival];
    expect(before).not.toEqual(after);
    expect(readResults(fileWith(lines(before))).records).toEqual(after);
  });

  it('leaves a torn last line out and says how long it is', () => {
    const { records, tornBytes } = readResults(fileWith(`${lines([run])}{"schema":1,"kind`));
    expect(records).toEqual([run]);
    expect(tornBytes).toBe(17);
  });

  it.each([
    ['not json\n', 'line 2: not a line of JSON'],
    [lines([{ ...run, schema: 3 }]), 'line 2: schema version 3; this program reads versions 1 and 2'],
    [lines([{ kind: 'run' }]), 'line 2: no schema version'],
    ['[]\n', 'line 2: no schema version'],
    [lines([{ ...accuracy, count: '4' }]), 'line 2: count: '],
    ['{"schema":1,"kind":"run","__proto__":{"polluted":1}}\n', 'line 2: '],
    [`${'['.repeat(100_000)}\n`, 'line 2: not a line of JSON'],
  ])('refuses %.40j by line number', (line, message) => {
    const read = () => readResults(fileWith(lines([run]) + line));
    expect(read).toThrow(UserError);
    expect(read).toThrow(message);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => readResults(fileWith(Uint8Array.of(0x22, 0xff, 0x22, 0x0a)))).toThrow('line 1: not a line');
  });

  it('refuses a file beyond its limit without reading it', () => {
    const file = fileWith('');
    truncateSync(file, readLimits.file + 1);
    expect(() => readResults(file)).toThrow('are more than');
  });

  it('names a missing file', () => {
    expect(() => readResults('/nowhere/at/all')).toThrow(
      '/nowhere/at/all/results.jsonl: no such results file',
    );
  });
});

describe('latestRecords', () => {
  it('drops a skipped row once it has a result, on the same data only', () => {
    const elsewhere = { ...skipped, key: 'skipped-2', row: accuracy.row };
    const here = { ...elsewhere, key: 'skipped-3', dataset: accuracy.dataset.name };
    expect(latestRecords([elsewhere, here, accuracy])).toEqual([elsewhere, accuracy]);
  });

  it('takes the last record of a key', () => {
    expect(latestRecords([skipped, { ...skipped, reason: 'now another' }])).toEqual([
      { ...skipped, reason: 'now another' },
    ]);
  });
});
