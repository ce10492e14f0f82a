/**
 * A share of a run, for many machines at once. Batches are dealt out in turn: shard i of n has batches i - 1,
 * i - 1 + n, … of an evaluation's images, so every image has the same neighbours as in the whole run, and the
 * merged predictions are the whole run's. Which images a shard has depends on the data set, the choice of images
 * and the model's batch size alone.
 */
import { UserError } from '@vssm/core';
import { keyOf } from './keys.ts';
import type { EvaluationTask, Task } from './tasks.ts';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly of: number;
}

/** The part of an evaluation that one shard carries out. */
export interface EvaluationPart {
  readonly shard: Shard;
  /** Names the side file of the part's predictions. */
  readonly key: string;
  /** Of the part's record. */
  readonly recordKey: string;
  /** Into the data set's samples, rising. */
  readonly indices: readonly number[];
}

const mostShards = 9999;

/** `3/16`, as on the command line: the third of sixteen. */
export function parseShard(text: string): Shard {
  const match = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text);
  const [index, of] = (match ?? []).slice(1).map(Number);
  if (match === null || index > of) {
    throw new UserError(
      `--shard "${text}": expected I/N with I from 1 to N and N at most ${mostShards}, for instance 3/16`,
    );
  }
  return { index, of };
}

/** What a run that is one of several has to do: its part of every evaluation, and the first one all the rest. */
export function tasksOfShard(tasks: readonly Task[], shard: Shard): Task[] {
  return tasks.flatMap((task): Task[] => {
    if (task.kind === 'evaluation') return [partOf(task, shard)];
    return task.kind === 'skipped' || shard.index === 1 ? [task] : [];
  });
}

export function partOf(task: EvaluationTask, shard: Shard): EvaluationTask {
  const names = [...task.key.split('.').slice(0, -1), `shard-${shard.index}-of-${shard.of}`];
  const content = { evaluation: task.key, ...shard };
  return {
    ...task,
    part: {
      shard,
      key: keyOf(names, content),
      recordKey: keyOf(names, { ...content, heads: task.heads }),
      indices: task.images.indices.filter((_, at) => shardAt(at, task.batch, shard.of) === shard.index),
    },
  };
}

/** The shard, from 1, that has the image at a place among the chosen ones. */
export function shardAt(place: number, batch: number, of: number): number {
  return (Math.floor(place / batch) % of) + 1;
}
