import { densePlan, pruningPlan } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import type { AccuracyTask } from './evaluation/accuracy.ts';
import type { ExperimentRow } from './experiment.ts';
import { kindOf } from './kinds/index.ts';
import { Resources } from './resources.ts';
import { type BenchRequest, plannedTasks } from './run.ts';
import type { SpeedTask } from './speed.ts';
import type { Task, WorkTask } from './tasks.ts';
import {
  accuracyRow,
  denseRow,
  experimentOf,
  madeUpBackend,
  madeUpDataset,
  opened,
  requestOf,
  sourcesOf,
  speedRows,
  trained,
} from './test-support/made-up.ts';

const recordHeads = (task: WorkTask) => kindOf(task).heads(task);

function plan(rows: readonly ExperimentRow[], change: Partial<BenchRequest> = {}): Promise<Task[]> {
  const request = requestOf(rows, { backend: opened(madeUpBackend()), ...change });
  return plannedTasks(request, new Resources(request.sources));
}

async function only(rows: readonly ExperimentRow[], change: Partial<BenchRequest> = {}): Promise<WorkTask> {
  const [task, ...others] = await plan(rows, change);
  expect(others).toEqual([]);
  return task as WorkTask;
}

const row = accuracyRow('row');

describe('planTasks', () => {
  it('evaluates what several rows share once, under one key, and heads a record for each', async () => {
    const experiments = [
      experimentOf([row], 'first'),
      experimentOf([accuracyRow('other', { label: 'another name' })], 'second'),
    ];
    const task = (await only([], { experiments })) as AccuracyTask;
    expect(task.heads.map(({ experiment, row: id, label }) => [experiment, id, label])).toEqual([
      ['first', 'row', 'row'],
      ['second', 'other', 'another name'],
    ]);
    expect(new Set(task.heads.map(({ key }) => key)).size).toBe(2);
  });

  it('leaves a row out where it comes down to the same images as the one it names', async () => {
    const twin = accuracyRow('twin', { plan: densePlan, unlessSameAs: 'dense' });
    expect(await plan([denseRow, twin])).toHaveLength(2);
    expect(await plan([denseRow, twin], { full: true })).toHaveLength(1);
    expect(await plan([denseRow, twin], { limit: 5 })).toHaveLength(1);
  });

  it('says of a row that cannot be run why, how to, and what it would cost', async () => {
    const [task] = await plan([accuracyRow('big', { model: 'vim-small', dataset: 'imagenet' })]);
    expect(task).toMatchObject({
      kind: 'skipped',
      record: {
        dataset: 'ImageNet-1K',
        tokens: [197, 99],
        reason: expect.stringMatching(
          /ImageNet-1K is not given; no trained Vim-S .*hustvl\/Vim-small-midclstok/,
        ),
        howToRun: 'pnpm bench --only made-up --imagenet DIR --checkpoint vim-small=FILE --full',
      },
    });
  });

  it('times a dense model and its pruned ones in one task, the dense one first', async () => {
    const task = await only(speedRows.toReversed());
    expect(recordHeads(task).map(({ row: id }) => id)).toEqual(['dense', 'pruned']);
  });

  it('knows its experiments by name', async () => {
    const experiments = [experimentOf([row], 'a'), experimentOf([accuracyRow('x', { images: 'all' })], 'b')];
    const task = await only([], { experiments, only: ['b'] });
    expect(recordHeads(task)[0].experiment).toBe('b');
    await expect(plan([], { experiments, only: ['c'] })).rejects.toThrow('--only "c": expected some of a, b');
  });

  it('refuses a model that the data set does not fit', async () => {
    const dataset = { ...madeUpDataset(5), classes: ['a', 'b'] };
    await expect(plan([row], { sources: sourcesOf(dataset) })).rejects.toThrow('knows 10 classes');
    const larger = { ...madeUpDataset(5), width: 32 };
    await expect(plan([row], { sources: sourcesOf(larger) })).rejects.toThrow('takes 1x28x28 images');
  });
});

describe('keys', () => {
  const keyUnder = async (change: Partial<BenchRequest>, changedRow = row) =>
    ((await only([changedRow], change)) as AccuracyTask).key;
  const sources = sourcesOf(madeUpDataset(1000));

  it.each<[string, Partial<BenchRequest>]>([
    ['the code', { codeVersion: 'another' }],
    ['the backend’s form', { backend: { ...opened(madeUpBackend()), form: 'another' } }],
    ['the backend’s runtime', { backend: { ...opened(madeUpBackend()), runtime: 'none 2' } }],
    ['the images', { full: true }],
    ['a limit', { limit: 600 }],
    ['the data', { sources: sourcesOf({ ...madeUpDataset(1000), checksum: 'cd'.repeat(32) }) }],
    [
      'the checkpoint',
      { sources: { ...sources, models: async () => ({ ...trained, sha256: '34'.repeat(32) }) } },
    ],
  ])('of an evaluation changes with %s', async (_, change) => {
    expect(await keyUnder(change)).not.toBe(await keyUnder({}));
  });

  it.each([
    ['plan', accuracyRow('row', { plan: pruningPlan({ schedule: [{ after: 2, keep: 0.5 }], seed: 1 }) })],
    ['schedule', accuracyRow('row', { plan: pruningPlan({ schedule: [{ after: 3, keep: 0.5 }] }) })],
  ])('of an evaluation changes with the %s', async (_, changed) => {
    expect(await keyUnder({}, changed)).not.toBe(await keyUnder({}));
  });

  it('of an evaluation stays when only words change; the record’s does not', async () => {
    const before = (await only([row])) as AccuracyTask;
    const after = (await only([accuracyRow('row', { label: 'a better name' })])) as AccuracyTask;
    expect(after.key).toBe(before.key);
    expect(after.heads[0].key).not.toBe(before.heads[0].key);
  });

  it('of an evaluation stays where the machine’s share in it is none', async () => {
    const elsewhere = {
      threads: 7,
      out: 'elsewhere',
      speedBudget: { warmup: 9, minRounds: 9, maxRounds: 9, ms: 9 },
    };
    expect(await keyUnder(elsewhere)).toBe(await keyUnder({}));
  });

  it('of a timing changes with threads and budget', async () => {
    const keys = await Promise.all(
      [{}, { threads: 2 }, { speedBudget: { warmup: 0, minRounds: 1, maxRounds: 1, ms: 0 } }].map(
        async (change) => recordHeads(await only(speedRows, change))[1].key,
      ),
    );
    expect(new Set(keys).size).toBe(3);
  });

  it('of a timing has a quarter of the time where --limit only tries things out, and another key', async () => {
    const speedBudget = { warmup: 1, minRounds: 5, maxRounds: 9, ms: 8000 };
    const tasks = await Promise.all(
      [{ speedBudget }, { speedBudget, limit: 4 }].map((change) => only(speedRows, change)),
    );
    expect(tasks.map((task) => (task as SpeedTask).budget)).toEqual([
      speedBudget,
      { warmup: 1, minRounds: 3, maxRounds: 9, ms: 2000 },
    ]);
    expect(new Set(tasks.map((task) => recordHeads(task)[1].key)).size).toBe(2);
  });
});
