import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { densePlan, pruningPlan } from '@vssm/families';
import { resultRecordSchema, unpackRight } from '@vssm/results';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grey, smallRun, stripedDataset } from '../run/test-support/made-up-run.ts';
import { type FinetuningRow, inSeedOrder, type TrainingExperiment } from './experiment.ts';
import { type ExperimentRun, runExperiment } from './run-experiment.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-experiment-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const { spec, recipe } = smallRun('');
const normalisation = grey;
const dataset = { ...stripedDataset(60), checksum: 'ab'.repeat(32) };

function row(
  arm: string,
  options: Parameters<typeof pruningPlan>[0],
  seeds: readonly number[],
): FinetuningRow {
  return { id: `${arm}@0.7`, arm, keep: 0.7, label: arm, plan: pruningPlan(options), seeds };
}

const schedule = [{ after: 1, keep: 0.7 }];
const experiment: TrainingExperiment = {
  id: 'small',
  title: 'small',
  model: 'small model',
  dataset: 'striped pictures',
  spec,
  dense: { ...recipe, epochs: 2 },
  finetuning: { ...recipe, epochs: 1, ema: 0 },
  trainingFree: [
    { id: 'dense', arm: 'dense', keep: 1, label: 'dense', plan: densePlan },
    row('decay', { schedule }, []),
  ],
  rows: [row('none', { schedule, alignment: 'none' }, [1, 2]), row('decay', { schedule }, [1])],
  claims: [{ arm: 'decay', against: 'none' }],
};

function runIn(out: string, more: Partial<ExperimentRun> = {}): ExperimentRun {
  const test = {
    ...dataset,
    load: async (index: number) => {
      const { data } = await dataset.preview(index);
      return Float32Array.from({ length: 64 }, (_, pixel) => (data[3 * pixel] / 255 - 0.5) / 0.5);
    },
  };
  return { experiment, training: dataset, test, normalisation, threads: 1, out, circumstances: {}, ...more };
}

let whole: ReturnType<typeof runExperiment> | undefined;

/** One run, of which every test may take its own copy. */
async function wholeRun() {
  const out = join(folder, 'whole');
  whole ??= runExperiment(runIn(out));
  return { out, result: await whole };
}

describe('an experiment', () => {
  it('trains the dense model, fine-tunes every row from it, and says what came out', async () => {
    const { out, result } = await wholeRun();
    expect(resultRecordSchema.parse(result)).toEqual(result);
    const { dense, rows, dataset: splits, verdicts } = result!;
    expect(dense.correct).toBeGreaterThan(splits.test.total / 2);
    expect(dense.curve.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(dense.tests.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(dense.tests.at(-1)!.correct).toBe(dense.correct);
    expect(rows.map(({ row: id, after }) => [id, after.map(({ seed }) => seed)])).toEqual([
      ['none@0.7', [1, 2]],
      ['decay@0.7', [1]],
    ]);
    expect(new Set(rows.flatMap(({ after }) => after.map(({ sha256 }) => sha256))).size).toBe(3);
    const [unpruned, decay] = result!.trainingFree!;
    expect(unpruned).toMatchObject({ row: 'dense', tokens: [17], correct: dense.correct });
    expect(decay.correct).toBe(rows[1].before);
    const right = unpackRight(decay.right, splits.test.total);
    expect(right).toHaveLength(splits.test.total);
    expect(right.filter((one) => one)).toHaveLength(decay.correct);
    expect(verdicts).toMatchObject([{ arm: 'decay', against: 'none', keep: 0.7, outcome: 'one seed' }]);

    // Nothing is done twice.
    const model = join(out, 'dense', 'model.safetensors');
    const { mtimeMs } = statSync(model);
    expect(await runExperiment(runIn(out))).toEqual(result);
    expect(statSync(model).mtimeMs).toBe(mtimeMs);

    // Stopped in the dense training and in a row, it goes on to the same end.
    const other = join(folder, 'stopped');
    for (const stopAt of [7, 12]) {
      let steps = 0;
      expect(await runExperiment(runIn(other, { stopped: () => ++steps === stopAt }))).toBeUndefined();
    }
    expect(await runExperiment(runIn(other))).toEqual(result);
  });
});

describe('a record of what is finished', () => {
  it('has the seeds and rows that are there, and nothing is trained for it', async () => {
    const out = join(folder, 'so-far');
    await expect(runExperiment(runIn(out, { soFar: true }))).rejects.toThrow(
      /the dense training of small model is not finished/,
    );
    const dense = { ...experiment, rows: [], trainingFree: [] };
    await expect(runExperiment(runIn(out, { experiment: dense }))).rejects.toThrow(/no fine-tuning of small/);
    const [none, decay] = experiment.rows;
    const first = { ...experiment, rows: [{ ...none, seeds: [1] }] };
    await runExperiment(runIn(out, { experiment: first }));
    const rows = [none, { ...decay, learningRate: 1e-3, paper: [{ table: 1, row: 'vim-small-top' }] }];
    const asked = { ...experiment, rows };
    const record = await runExperiment(runIn(out, { experiment: asked, soFar: true }));
    expect(resultRecordSchema.parse(record)).toEqual(record);
    expect(record!.rows.map(({ row: id, after }) => [id, after.map(({ seed }) => seed)])).toEqual([
      ['none@0.7', [1]],
    ]);
    expect(record!.verdicts).toEqual([]);

    const later = (await runExperiment(runIn(out, { experiment: asked })))!;
    expect(later.rows[0].after[0]).toEqual(record!.rows[0].after[0]);
    expect(later.rows[1]).toMatchObject({ learningRate: 1e-3, paper: [{ table: 1, row: 'vim-small-top' }] });
  });
});

it('does the first seed of every row before any second one', () => {
  expect(inSeedOrder(experiment.rows).map(({ row: { arm }, seed }) => `${arm} ${seed}`)).toEqual([
    'none 1',
    'decay 1',
    'none 2',
  ]);
});

it('refuses a folder of another experiment', async () => {
  const out = join(folder, 'other');
  cpSync((await wholeRun()).out, out, { recursive: true });
  const longer = { ...experiment, finetuning: { ...experiment.finetuning, learningRate: 1e-3 } };
  await expect(runExperiment(runIn(out, { experiment: longer }))).rejects.toThrow(
    /outcome\.json: the outcome of another training; give another --out folder/,
  );
});
