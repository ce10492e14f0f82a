/**
 * A share of a run, for many machines at once. Batches are dealt out in turn: shard i of n has batches i - 1,
 * i - 1 + n, … of an evaluation's images, so every image has the same neighbours as in the whole run, and the
 * merged predictions are the whole run's. Which images a shard has depends on the data set, the choice of images
 * and the model's batch size alone.
 */
import { UserError } from '@vssm/core';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly of: number;
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

/** The shard, from 1, that has the image at a place among the chosen ones. */
export function shardAt(place: number, batch: number, of: number): number {
  return (Math.floor(place / batch) % of) + 1;
}
