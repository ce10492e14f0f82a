import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { afterAll, describe, expect, it } from 'vitest';
import { findRuns, report } from './report.ts';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vssm-test-'));
  made.push(folder);
  return folder;
}

describe('findRuns', () => {
  it('takes a run folder, a file, or a folder of run folders', () => {
    const folder = newFolder();
    const runs = ['b', 'a'].map((name) => {
      const run = join(folder, name);
      mkdirSync(run);
      writeFileSync(join(run, 'results.jsonl'), '');
      return run;
    });
    mkdirSync(join(folder, 'empty'));
    expect(findRuns(folder)).toEqual(runs.toSorted());
    expect(findRuns(runs[0])).toEqual([runs[0]]);
    expect(findRuns(join(runs[0], 'results.jsonl'))).toEqual([join(runs[0], 'results.jsonl')]);
  });

  it('names a place without results', () => {
    const folder = newFolder();
    expect(() => findRuns(join(folder, 'missing'))).toThrow(UserError);
    expect(() => findRuns(folder)).toThrow(`results "${folder}"`);
  });
});

describe('report', () => {
  it('says that nothing was run, and how to, when there is nothing at the default place', async () => {
    const out = join(newFolder(), 'report');
    const here = process.cwd();
    process.chdir(newFolder());
    try {
      const { index, records, text } = await report({ results: ['results'], out });
      expect(text).toBe(`no results yet: vssm bench makes them; the report says so too\nreport: ${index}`);
      expect(records).toEqual({ accuracy: 0, speed: 0, vision: 0, skipped: 0 });
      const page = readFileSync(index, 'utf8');
      expect(page).toContain('Nothing has been run yet');
      expect(page).toContain('<code>pnpm bench</code>');
    } finally {
      process.chdir(here);
    }
  });
});
