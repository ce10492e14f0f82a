import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flatColumns, flatResults } from './flat-results.ts';
import { reportFiles } from './report.ts';
import { everySection } from './test-support/made-up-everything.ts';

const evidence = everySection();

describe('the flat table of results', () => {
  it('has a line for every result, whatever its kind', () => {
    const rows = flatResults(evidence);
    const { accuracy, finetuned, league, finetuning, segmenterFinetuning } = evidence;
    const { vision, speed, executions, skipped } = evidence;
    const count = (kind: string) => rows.filter((row) => row.kind === kind).length;
    expect(count('accuracy')).toBe(accuracy.length + finetuned.length + league.length);
    expect(count('finetuning')).toBe(
      finetuning[0].record.rows.reduce((sum, { after }) => sum + after.length, 0),
    );
    expect(count('segmenter-finetuning')).toBe(segmenterFinetuning[0].record.rows.length);
    const segmented = rows.filter(({ kind }) => kind === 'segmenter-finetuning');
    expect(segmented.map((row) => [row.miou, row.miou_before_finetuning, row.top1])).toEqual([
      [41, 40, null],
      [36, 20, null],
      [38, 20, null],
    ]);
    expect(count('vision')).toBe(vision.length);
    expect(count('speed')).toBe(speed.length + executions.length);
    expect(count('skipped')).toBe(skipped.length);
    const keys = new Set(rows.filter(({ kind }) => kind === 'comparison').map(({ key }) => key));
    expect(keys.size).toBe(evidence.comparisons.length);
  });

  it('gives the numbers of the records', () => {
    const [{ record, run }] = evidence.accuracy;
    expect(flatResults(evidence)[0]).toMatchObject({
      ...{
        kind: 'accuracy',
        model: record.model.name,
        weights: 'made-up.pth',
        plan: 'dense',
        key: record.key,
      },
      ...{ top1: record.top1, top1_low95: record.interval[0], images: record.count, partial: 'no' },
      ...{ gflops_paper: record.flops.paper, cpu: run!.environment.cpu, tokens: '50', reason: null },
    });
  });

  it('is a file of the report, and every column is explained', async () => {
    const file = String((await reportFiles(evidence)).content('data/results.csv'));
    const [head, ...lines] = file.trimEnd().split('\r\n');
    expect(head.split(',')).toEqual([...flatColumns]);
    expect(lines).toHaveLength(flatResults(evidence).length);
    const explained = readFileSync(new URL('../../../docs/reading-the-report.md', import.meta.url), 'utf8');
    for (const column of flatColumns) expect(explained).toContain(`\`${column}\``);
  });
});
