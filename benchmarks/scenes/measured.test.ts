/** What ships as measured: record, logs, weights and the page's table belong together, and to the experiment. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readResults, type SegmenterFinetuningRecord } from '@vssm/results';
import { mean, standardDeviation } from '@vssm/results/statistics';
import { endsOf } from '@vssm/results/trained';
import { type EpochLine, type RunLine, readLog, type SegmentationEvaluation, verdicts } from '@vssm/train';
import { describe, expect, it } from 'vitest';
import { experiment, sceneFolder } from './experiment.ts';

const place = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const page = readFileSync(place('../../docs/training.md'), 'utf8');
const record = recordOf(place('measured/results.jsonl'));
const zero = mean(ends('dense@1'));

function recordOf(file: string): SegmenterFinetuningRecord {
  return readResults(file).records.find((one) => one.kind === 'segmenter-finetuning')!;
}

function ends(row: string): number[] {
  return endsOf(record, record.rows.find((one) => one.row === row)!);
}

const trainings: [name: string, training: SegmenterFinetuningRecord['dense']][] = [
  ['dense', record.dense],
  ...record.rows.flatMap(({ row, after }) =>
    after.map((one): [string, SegmenterFinetuningRecord['dense']] => [`${row}-seed${one.seed}`, one]),
  ),
];

describe('the measured segmenter', () => {
  it('is the declared one, on the scenes that its folder is made of', () => {
    expect(record.recipes).toEqual({ dense: experiment.dense, finetuning: experiment.finetuning });
    expect(record.model).toMatchObject({ backbone: experiment.spec.backbone.spec });
    const said = record.rows.map(({ row, plan, after, paper = [] }) => ({
      ...{ id: row, plan, paper },
      seeds: after.map(({ seed }) => seed),
    }));
    expect(said).toEqual(
      experiment.rows.map(({ id, plan, seeds, paper = [] }) => ({ id, plan, paper: [...paper], seeds })),
    );
    const { training, test } = record.dataset;
    expect([training.total, test.total]).toEqual([sceneFolder.images, sceneFolder.testImages]);
  });

  it.each(trainings)('%s: the log has the record’s recipe, and ends with its mIoU', (name, training) => {
    const lines = readLog(place(`measured/logs/${name}.jsonl`));
    const { identity } = lines.find((line) => line.kind === 'run') as RunLine;
    const recipe = name === 'dense' ? record.recipes.dense : record.recipes.finetuning;
    expect(identity.recipe).toEqual({ ...recipe, seed: training.seed });
    const test = (lines.at(-1) as EpochLine).test as SegmentationEvaluation;
    expect(test).toMatchObject({ count: record.dataset.test.total });
    expect(test.failed).toBeUndefined();
    // The record evaluated them again, with newer kernels: of two, a pixel or so in two million went to another class.
    expect(test.miou).toBeCloseTo(training.miou, 4);
  });

  it('follows from its rows', () => {
    const results = record.rows.map(({ row, arm, keep }) => ({ arm, keep, ends: ends(row) }));
    expect(verdicts(experiment.claims, results)).toEqual(record.verdicts);
  });

  it('ships the dense weights', () => {
    const file = readFileSync(place('../../datasets/fashion-scenes/upernet-nano.safetensors'));
    expect(createHash('sha256').update(file).digest('hex')).toBe(record.dense.sha256);
  });

  it.each(record.rows)(
    '$row stands in the page’s table as the record says',
    ({ row, keep, before, after }) => {
      const values = after.map(({ miou }) => miou);
      const spread = standardDeviation(values);
      const cells = [
        before.toFixed(2),
        `${mean(values).toFixed(2)}${spread === null ? '' : ` ± ${spread.toFixed(2)}`}`,
        String(after.length),
        keep === 1 ? '' : (zero - mean(values)).toFixed(2),
      ];
      const shown = page.split('\n').find((line) => line.startsWith(`| \`${row}\` |`));
      expect(
        shown
          ?.split('|')
          .map((cell) => cell.trim())
          .slice(3, 7),
      ).toEqual(cells);
    },
  );
});
