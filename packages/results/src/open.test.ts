import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { resultsContent } from './content.ts';
import { lockFileName } from './lock.ts';
import { openResults } from './open.ts';
import { readResults } from './read.ts';
import { accuracy, everyKind, run, skipped, speed } from './test-support/records.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

const newFolder = () => join(temporaryFolder(), 'run');

describe('openResults', () => {
  it('appends what a reader then finds, and knows its keys when opened again', () => {
    const folder = newFolder();
    const results = openResults(folder);
    for (const record of everyKind) results.append(record);
    expect(results.records).toEqual(everyKind);
    results.close();

    const again = openResults(folder);
    expect(again.records).toEqual(everyKind);
    expect(again.has(accuracy.key)).toBe(true);
    expect(again.has(skipped.key)).toBe(false);
    expect(again.repairs).toEqual([]);
    again.close();
    expect(readResults(folder).records).toEqual(everyKind);
  });

  it('cuts a torn line off and goes on after it', () => {
    const folder = newFolder();
    let results = openResults(folder);
    results.append(run);
    results.close();
    appendFileSync(join(folder, 'results.jsonl'), '{"schema":1,"ki');
    results = openResults(folder);
    expect(results.repairs).toEqual([expect.stringContaining('15 bytes')]);
    results.append(accuracy);
    results.close();
    expect(readResults(folder)).toMatchObject({ records: [run, accuracy], tornBytes: 0 });
  });

  it('cuts a last line off that is no JSON, but no line before the last', () => {
    const folder = newFolder();
    let results = openResults(folder);
    results.append(run);
    results.close();
    const file = join(folder, 'results.jsonl');
    appendFileSync(file, '\0\0\0\n');
    expect(() => readResults(folder)).toThrow('line 2: not a line of JSON');
    results = openResults(folder);
    expect(results.repairs).toEqual([expect.stringContaining('damaged (4 bytes)')]);
    results.append(accuracy);
    results.close();
    expect(readResults(folder).records).toEqual([run, accuracy]);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"schema"', '"schema'));
    expect(() => openResults(folder)).toThrow('line 1: not a line of JSON');
  });

  it('refuses a file of another schema version and leaves it alone', () => {
    const folder = newFolder();
    openResults(folder).close();
    const file = join(folder, 'results.jsonl');
    writeFileSync(file, '{"schema":9}\n');
    expect(() => openResults(folder)).toThrow('schema version 9');
    expect(readFileSync(file, 'utf8')).toBe('{"schema":9}\n');
    expect(existsSync(join(folder, lockFileName))).toBe(false);
  });

  it('writes a repeated skipped record once, a finished key never twice', () => {
    const results = openResults(newFolder());
    results.append(skipped);
    results.append(skipped);
    results.append({ ...skipped, reason: 'another' });
    expect(results.records).toHaveLength(2);
    results.append(accuracy);
    expect(() => results.append(accuracy)).toThrow('finished already');
    results.close();
  });

  it('calls an unfitting record a bug, not a user error, and writes nothing', () => {
    const results = openResults(newFolder());
    const append = () => results.append({ ...accuracy, top1: Number.NaN });
    expect(append).toThrow('accuracy record "accuracy-1": top1');
    expect(append).not.toThrow(UserError);
    expect(results.records).toEqual([]);
    results.close();
  });
});

describe('the lock', () => {
  it('names the process that holds the folder', () => {
    const folder = newFolder();
    const results = openResults(folder);
    expect(() => openResults(folder)).toThrow(`process ${process.pid} on ${hostname()}`);
    results.close();
    openResults(folder).close();
  });

  it('is taken over from a process that was killed', () => {
    const folder = newFolder();
    openResults(folder).close();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const owner = { id: 'x', pid: gone, host: hostname(), started: null, since: 'some time ago' };
    writeFileSync(join(folder, lockFileName), JSON.stringify(owner));
    openResults(folder).close();
    expect(existsSync(join(folder, lockFileName))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is taken over when the pid now belongs to another process', () => {
    const folder = newFolder();
    openResults(folder).close();
    const owner = {
      id: 'x',
      pid: process.ppid,
      host: hostname(),
      started: 'another boot 1',
      since: 'before',
    };
    writeFileSync(join(folder, lockFileName), JSON.stringify(owner));
    openResults(folder).close();
  });

  it('of another machine is respected', () => {
    const folder = newFolder();
    openResults(folder).close();
    const owner = { id: 'x', pid: 1, host: 'elsewhere.invalid', started: null, since: 'before' };
    writeFileSync(join(folder, lockFileName), JSON.stringify(owner));
    expect(() => openResults(folder)).toThrow('process 1 on elsewhere.invalid');
  });

  it('that is unreadable does not stop anyone', () => {
    const folder = newFolder();
    openResults(folder).close();
    writeFileSync(join(folder, lockFileName), '');
    openResults(folder).close();
  });
});

describe('resultsContent', () => {
  it('leaves times aside and nothing else', () => {
    const later = {
      ...run,
      createdAt: '2027-01-01T00:00:00Z',
    };
    const slower = { ...speed, samplesMs: [9], medianMs: 9, durationMs: 9 };
    expect(resultsContent([later, slower, { ...accuracy, durationMs: 9 }])).toEqual(
      resultsContent([accuracy, speed, run]),
    );
    expect(resultsContent([{ ...accuracy, correct5: 4, top5: 100 }])).not.toEqual(resultsContent([accuracy]));
  });
});
