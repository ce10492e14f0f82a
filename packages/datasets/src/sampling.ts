/** A fixed, class-balanced part of a data set, and the hash by which results name it. */
import { createHash } from 'node:crypto';
import { splitmix64, UserError } from '@vssm/core';
import type { ImageDataset } from './dataset.ts';

/**
 * Indices, ascending, of `count` samples with as many of each class as of any other, give or take one, as long
 * as every class has enough. Within a class samples are drawn in the order of splitmix64 of (seed, index); a
 * remainder goes to the classes whose own splitmix64 of (seed, label) is lowest. The choice depends on nothing
 * else, and a larger sample of the same seed contains every smaller one.
 *
 * @param seed whole number
 * @returns all samples when `count` is not below their number
 * @throws UserError when `count` is not a whole number of at least 1
 */
export function stratifiedSample(
  dataset: Pick<ImageDataset, 'samples'>,
  count: number,
  seed: number,
): readonly number[] {
  if (!Number.isInteger(count) || count < 1) {
    throw new UserError(`sample size ${count}: expected a whole number of at least 1`);
  }
  const byClass = Map.groupBy(dataset.samples, (sample) => sample.label);
  const drawn = [...byClass].flatMap(([label, samples]) => {
    const classKey = keyOf(seed, ~label);
    return samples
      .map(({ index }) => ({ index, key: keyOf(seed, index) }))
      .toSorted((a, b) => compare(a.key, b.key))
      .map(({ index }, rank) => ({ index, rank, classKey }));
  });
  drawn.sort((a, b) => a.rank - b.rank || compare(a.classKey, b.classKey));
  return drawn
    .slice(0, count)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

/** SHA-256, hex, of the ids in the order given, each followed by a line feed. */
export function sampleHash(ids: readonly string[]): string {
  const hash = createHash('sha256');
  for (const id of ids) hash.update(`${id}\n`);
  return hash.digest('hex');
}

/** Labels are keyed by their complement, so that no label shares a key with an index. */
function keyOf(seed: number, value: number): bigint {
  return splitmix64(splitmix64(BigInt(seed)) ^ BigInt.asUintN(64, BigInt(value)));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
