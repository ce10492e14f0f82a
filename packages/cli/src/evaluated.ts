/** What commands that evaluate say of shards, and of images without an answer. */

import { join } from 'node:path';
import { counted } from '@vssm/core';
import type { AccuracyRecord, ShardRecord } from '@vssm/results';
import { listing } from './output.ts';

type Line = readonly [name: string, value: string];

export function shardResult({ shard, evaluation, predictions, failed }: ShardRecord, folder: string) {
  return {
    shard: `${shard.index}/${shard.of}`,
    evaluation,
    images: predictions.lines,
    failed,
    predictions: join(folder, predictions.file),
  };
}

export function shardLines({ shard, predictions, failed }: ShardRecord, folder: string): string {
  return listing([
    ['shard', `${shard.index} of ${shard.of}`],
    ['images', String(predictions.lines)],
    ...(failed > 0 ? [['without an answer', String(failed)] as const] : []),
    ['predictions', join(folder, predictions.file)],
    ['next', 'vssm merge joins the shards when all are there'],
  ]);
}

/** Most images that are named one by one. */
const mostNamed = 20;

/** How many images have no answer, and of each its path and why. */
export function failedLines(failed: AccuracyRecord['failed']): readonly Line[] {
  if (failed.length === 0) return [];
  const named = failed
    .slice(0, mostNamed)
    .map(({ id, error }): Line => ['', error.includes(id) ? error : `${id}: ${error}`]);
  const more = failed.length - named.length;
  return [
    ['without answer', `${counted(failed.length, 'image')}, not counted; tried again by the next run`],
    ...named,
    ...(more > 0 ? [['', `and ${more} more`] as const] : []),
  ];
}
