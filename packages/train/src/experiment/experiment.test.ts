import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { densePlan, pruningPlan } from '@vssm/families';
import { type FinetuningRecord, resultRecordSchema, unpackRight } from '@vssm/results';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grey, smallRun, stripedDataset } from '../run/test-support/made-up-run.ts';
import { colours, horizons, smallSegmenterRun } from '../run/test-support/made-up-scenes.ts';
import { freshWeights } from '../table.ts';
import { isSegmenter } from '../trained-spec.ts';
import { type FinetuningRow, inSeedOrder, type TrainingExperiment } from './experiment.ts';
import { type ExperimentRun, runExperiment } from './run-experiment.ts';
import { classifierSubject, segmenterSubject } from './subject.ts';
import { type Earlier, takeOver } from './take-over.ts';

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

type Run = ExperimentRun<{ correct: number }, { correct: number; right: string }, FinetuningRecord>;

function runIn(out: string, more: Partial<Run> = {}): Run {
  const test = {
    ...dataset,
    load: async (index: number) => {
      const { data } = await dataset.preview(index);
      return Float32Array.from({ length: 64 }, (_, pixel) => (data[3 * pixel] / 255 - 0.5) / 0.5);
    },
  };
  const subject = classifierSubject({ spec, training: dataset, test, normalisation, threads: 1 });
  const initial = freshWeights(spec, experiment.dense.seed);
  return { experiment, subject, initial, threads: 1, out, circumstances: {}, ...more };
}

let whole: Promise<FinetuningRecord | undefined> | undefined;

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

describe('what another machine has finished', () => {
  /** Its record, its logs and its dense weights, in a folder of this name. */
  async function shipped(name: string): Promise<Earlier & { readonly record: FinetuningRecord }> {
    const { out, result } = await wholeRun();
    const logs = join(folder, name);
    mkdirSync(logs);
    const finished = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name: own } of finished) cpSync(join(out, own, 'train.jsonl'), join(logs, `${own}.jsonl`));
    const dense = join(logs, 'dense.safetensors');
    cpSync(join(out, 'dense', 'model.safetensors'), dense);
    return { record: result!, logs, dense };
  }

  it('is taken over, and only the rest is trained', async () => {
    const earlier = await shipped('shipped');
    const run = runIn(join(folder, 'taken'));
    expect(await takeOver(run, earlier)).toEqual([
      'none@0.7-seed1',
      'none@0.7-seed2',
      'decay@0.7-seed1',
      'dense',
    ]);
    expect(await runExperiment({ ...run, soFar: true })).toEqual(earlier.record);
    expect(await takeOver(run, earlier)).toEqual([]);

    // Declared otherwise since: trained again.
    const [none, decay] = experiment.rows;
    const faster = { ...experiment, rows: [none, { ...decay, learningRate: 1e-3 }] };
    const other = runIn(join(folder, 'taken-in-part'), { experiment: faster });
    expect(await takeOver(other, earlier)).toEqual(['none@0.7-seed1', 'none@0.7-seed2', 'dense']);
    const trained: string[] = [];
    const record = await runExperiment({ ...other, tell: (part) => trained.push(part) });
    expect(new Set(trained)).toEqual(new Set(['decay@0.7-seed1']));
    expect(record!.rows[0].after).toEqual(earlier.record.rows[0].after);
  });

  it('is refused where weights, logs and record do not belong together', async () => {
    const earlier = await shipped('mixed-up');
    const { record, logs, dense } = earlier;
    const run = (name: string) => runIn(join(folder, name));
    const elsewhere = { ...record, dense: { ...record.dense, sha256: '0'.repeat(64) } };
    await expect(takeOver(run('mixed-up-1'), { ...earlier, record: elsewhere })).rejects.toThrow(
      /dense\.safetensors: not the dense weights of the record/,
    );
    const better = structuredClone(record);
    better.rows[0].after[0].tests[0].correct++;
    const invented = structuredClone(record);
    invented.rows[0].after[0].correct++;
    for (const changed of [better, invented]) {
      await expect(takeOver(run('mixed-up-2'), { ...earlier, record: changed })).rejects.toThrow(
        /none@0\.7-seed1\.jsonl: not the log of what the record says of none@0\.7-seed1/,
      );
    }
    rmSync(join(logs, 'dense.jsonl'));
    await expect(takeOver(run('mixed-up-3'), { record, logs, dense })).rejects.toThrow(
      /no dense\.jsonl of small model as it is declared/,
    );
    for (const refused of [1, 2, 3]) expect(existsSync(join(folder, `mixed-up-${refused}`))).toBe(false);
  });
});

it('goes in rounds over the seeds, and does rows with the most seeds first', () => {
  const rows = [
    row('mask', { schedule }, [1]),
    row('none', { schedule }, [1, 2]),
    row('l1', { schedule }, [1]),
    row('decay', { schedule }, [1, 2]),
  ];
  expect(inSeedOrder(rows).map(({ row: { arm }, seed }) => `${arm} ${seed}`)).toEqual([
    'none 1',
    'decay 1',
    'none 2',
    'decay 2',
    'mask 1',
    'l1 1',
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

describe('an experiment with a segmenter', () => {
  it('is judged by mIoU, and says so in a record of its own kind', async () => {
    const { spec: segmenter, recipe: steps, plan, initial } = smallSegmenterRun('');
    if (!isSegmenter(segmenter)) throw new Error('made up otherwise');
    const scenes = horizons(24);
    const { mean, std } = colours;
    const test: typeof scenes = {
      ...scenes,
      load: async (index) => {
        const { data, height, width } = await scenes.preview(index);
        const size = height * width;
        const pixels = Float32Array.from({ length: 3 * size }, (_, at) => {
          const channel = Math.floor(at / size);
          return (data[3 * (at % size) + channel] - mean[channel]) / std[channel];
        });
        const original = { height, width };
        return { pixels, height, width, original, scaled: original, scaleFactor: [1, 1] as const };
      },
    };
    const zero = { id: 'dense@1', arm: 'dense', keep: 1, label: 'dense', plan: densePlan, seeds: [0, 1] };
    const pruned = { id: 'decay@0.7', arm: 'decay', keep: 0.7, label: 'decay', plan, seeds: [0, 1] };
    const own: TrainingExperiment<typeof segmenter> = {
      ...{ id: 'small-scenes', title: 'small', model: 'small UperNet', dataset: 'horizons' },
      spec: segmenter,
      dense: { ...steps, epochs: 8 },
      finetuning: { ...steps, epochs: 1, ema: 0 },
      rows: [zero, pruned],
      claims: [{ arm: 'decay', against: 'dense', margin: 0.5, keep: 0.7 }],
    };
    const sha256 = 'ab'.repeat(32);
    const subject = segmenterSubject({
      ...{ spec: segmenter, normalisation: colours, threads: 1 },
      training: { ...scenes, checksum: sha256 },
      test: { ...test, checksum: sha256 },
    });
    const out = join(folder, 'segmenter');
    const run = { experiment: own, subject, initial, threads: 1, out, circumstances: {} };
    const record = (await runExperiment(run))!;
    expect(resultRecordSchema.parse(record)).toEqual(record);
    expect(record.kind).toBe('segmenter-finetuning');
    expect(record.dense.miou).toBeGreaterThan(30);
    expect(record.dense.tests.at(-1)!.miou).toBe(record.dense.miou);
    expect(record.rows.map(({ after }) => after.map(({ seed }) => seed))).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(record.rows[0].before).toBe(record.dense.miou);
    const [dense, decay] = record.rows.map(({ after }) => (after[0].miou + after[1].miou) / 2);
    expect(record.verdicts).toMatchObject([{ arm: 'decay', against: 'dense', margin: 0.5 }]);
    expect(record.verdicts[0].gain).toBeCloseTo(decay - dense, 10);
    expect(record.model).toMatchObject({ head: { channels: 4, classes: 2 } });
    expect(await runExperiment({ ...run, soFar: true })).toEqual(record);
  });
});
