import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readResults, readRightAnswers } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { keepMeasured } from './keep-measured.ts';
import { runBench } from './run.ts';
import {
  accuracyRow,
  denseRow,
  madeUpBackend,
  newFolder,
  opened,
  requestOf,
} from './test-support/made-up.ts';

describe('keepMeasured', () => {
  it('keeps records of all images, and which of those are right', async () => {
    const request = requestOf([denseRow, accuracyRow('sampled')], { backend: opened(madeUpBackend()) });
    await runBench(request);
    const out = newFolder();
    expect(keepMeasured(request.out, 'made-up', out)).toBe(1);
    const [run, dense, ...rest] = readResults(out).records;
    expect([run.kind, rest]).toEqual(['run', []]);
    expect(dense).toMatchObject({ row: 'dense', correct1: 858 });
    if (dense.kind !== 'accuracy') throw new Error(dense.kind);
    const right = readRightAnswers(out).get(dense.predictions.sha256)!;
    // Image i is answered wrongly when i % 7 is 6.
    expect(right).toEqual(Array.from({ length: 1000 }, (_, image) => image % 7 !== 6));
  });

  it('keeps the newest of a row that newer code has measured again', async () => {
    const request = requestOf([denseRow], { backend: opened(madeUpBackend()) });
    await runBench(request);
    await runBench({ ...request, codeVersion: 'newer' });
    const measured = readResults(request.out).records.filter(({ kind }) => kind === 'accuracy');
    expect(measured).toHaveLength(2);
    const out = newFolder();
    expect(keepMeasured(request.out, 'made-up', out)).toBe(1);
    expect(readResults(out).records.at(-1)).toEqual(measured[1]);
  });

  it('refuses a run of another experiment, and one whose predictions are gone', async () => {
    const request = requestOf([denseRow], { backend: opened(madeUpBackend()) });
    await runBench(request);
    expect(() => keepMeasured(request.out, 'league', newFolder())).toThrow(
      'no result of league on all images',
    );
    rmSync(join(request.out, 'predictions'), { recursive: true });
    expect(() => keepMeasured(request.out, 'made-up', newFolder())).toThrow('is missing');
  });

  it('leaves rows of a thorough run to those that ask for them', async () => {
    const rows = [denseRow, accuracyRow('more', { extent: 'thorough' })];
    const backend = opened(madeUpBackend());
    const kinds = async (change: object) => {
      const request = requestOf(rows, { backend, limit: 2, ...change });
      await runBench(request);
      return readResults(request.out).records.flatMap((record) => ('row' in record ? [record.row] : []));
    };
    expect(await kinds({})).toEqual(['dense']);
    expect(await kinds({ full: true })).toEqual(['dense', 'more']);
    expect(await kinds({ only: ['made-up'] })).toEqual(['dense', 'more']);
  });
});
