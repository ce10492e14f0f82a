import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeReport } from './report.ts';
import { paper, writeMadeUpRun } from './test-support/made-up.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

describe('a report of the same', () => {
  it('is left as it is, and made again when anything that it is made of changes', async () => {
    const { folder } = writeMadeUpRun();
    const out = join(temporaryFolder(), 'report');
    const index = join(out, 'index.html');
    const write = async () => {
      const { records } = await writeReport({
        results: [folder],
        benchmarks: [paper],
        out,
        unlessUnchanged: true,
      });
      return records;
    };
    const records = await write();
    const made = statSync(index).mtimeMs;
    expect(await write()).toEqual(records);
    expect(statSync(index).mtimeMs).toBe(made);

    const results = join(folder, 'results.jsonl');
    const lines = readFileSync(results, 'utf8').trimEnd().split('\n');
    const skipped = JSON.parse(lines.findLast((line) => line.includes('"kind":"skipped"'))!);
    const [prediction] = readdirSync(join(folder, 'predictions'));
    const changes = [
      () => appendFileSync(results, `${JSON.stringify({ ...skipped, reason: 'another reason' })}\n`),
      () => appendFileSync(join(folder, 'predictions', prediction), '1,2,3,,\n'),
      () => rmSync(index),
      () => writeFileSync(join(out, 'made-of.json'), 'damaged'),
    ];
    for (const change of changes) {
      const before = readFileSync(index, 'utf8');
      change();
      writeFileSync(join(out, 'stale'), '');
      await write();
      // Replaced as a whole: what was beside it is gone.
      expect(readdirSync(out)).not.toContain('stale');
      expect(readFileSync(index, 'utf8').length).toBeGreaterThan(before.length / 2);
    }
    expect(readFileSync(index, 'utf8')).toContain('nother reason');
  });
});
