import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import type { AccuracyTask } from './evaluation/accuracy.ts';
import { imagesOf } from './evaluation/image-task.ts';
import { kindOf } from './kinds/index.ts';
import { Resources } from './resources.ts';
import { type BenchRequest, plannedTasks } from './run.ts';
import { parseShard, shardAt } from './shard.ts';
import type { WorkTask } from './tasks.ts';
import {
  accuracyRow,
  denseRow,
  madeUpBackend,
  opened,
  requestOf,
  speedRows,
} from './test-support/made-up.ts';

const recordHeads = (task: WorkTask) => kindOf(task).heads(task);

const row = accuracyRow('row');

async function plan(change: Partial<BenchRequest> = {}) {
  const request = requestOf(
    [
      denseRow,
      row,
      ...speedRows.map((speed) => ({
        ...speed,
        id: `s-${speed.id}`,
        against: speed.against && `s-${speed.against}`,
      })),
    ],
    {
      backend: opened(madeUpBackend()),
      ...change,
    },
  );
  return plannedTasks(request, new Resources(request.sources));
}

const evaluations = async (change: Partial<BenchRequest>) =>
  (await plan(change)).filter((task): task is AccuracyTask => task.kind === 'accuracy');

describe('parseShard', () => {
  it('reads i/n', () => {
    expect(parseShard('3/16')).toEqual({ index: 3, of: 16 });
    expect(parseShard('1/1')).toEqual({ index: 1, of: 1 });
  });

  it.each(['0/4', '5/4', '1', '1/', '1/0', '-1/4', '1.5/4', '1/10000', 'a/b', ' 1/2'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseShard(text)).toThrow(UserError);
      expect(() => parseShard(text)).toThrow(`--shard "${text}": expected I/N`);
    },
  );
});

describe('tasksOfShard', () => {
  it('deals every chosen image to exactly one shard, in whole batches', async () => {
    const whole = await evaluations({});
    for (const of of [1, 2, 3, 7]) {
      const shards = await Promise.all(
        Array.from({ length: of }, (_, at) => evaluations({ shard: { index: at + 1, of } })),
      );
      for (const [at, { images, batch }] of whole.entries()) {
        const dealt = shards.map((tasks) => imagesOf(tasks[at]));
        expect(dealt.flat().sort((a, b) => a - b)).toEqual(images.indices);
        for (const [index, own] of dealt.entries()) {
          for (const image of own) {
            expect(shardAt(images.indices.indexOf(image), batch, of)).toBe(index + 1);
          }
        }
      }
    }
  });

  it('gives each shard keys of its own, the whole evaluation’s key unchanged', async () => {
    const [[whole], [first], [second]] = await Promise.all([
      evaluations({}),
      evaluations({ shard: { index: 1, of: 2 } }),
      evaluations({ shard: { index: 2, of: 2 } }),
    ]);
    expect(first.key).toBe(whole.key);
    const keys = [whole, first, second].map((task) => recordHeads(task)[0].key);
    expect(new Set(keys).size).toBe(3);
    expect(first.part!.key).not.toBe(second.part!.key);
  });

  it('leaves timings to the first shard, so that they come from one machine', async () => {
    const kinds = async (index: number) => (await plan({ shard: { index, of: 2 } })).map(({ kind }) => kind);
    expect(await kinds(1)).toContain('speed');
    expect(await kinds(2)).not.toContain('speed');
  });
});
