/** What evaluations of any kind have in common: images that are answered once, by one run or by several shards. */
import type { WorkDone } from '@vssm/backend';
import type { PruningPlan } from '@vssm/core';
import type { ImageChoice } from '../images.ts';
import { keyOf } from '../keys.ts';
import type { RecordHead } from '../kinds/heads.ts';
import { type Shard, shardAt } from '../shard.ts';

export interface ImageTask {
  /** Names the file of the answers. */
  readonly key: string;
  readonly dataset: {
    readonly name: string;
    readonly split: string;
    readonly checksum: string | null;
    readonly samples: readonly { readonly id: string }[];
  };
  readonly images: ImageChoice;
  readonly plan: PruningPlan;
  /** Images per run. Part of the key: sums in another batch may differ in their last bits. */
  readonly batch: number;
  /** Hash of the measuring code. */
  readonly code: string;
  /** The library underneath the backend with its version. */
  readonly runtime: string;
  /** A record is written for each. */
  readonly heads: readonly RecordHead[];
  /** What this run does of it, where it is one of several shards; one record of it is written. */
  readonly part?: EvaluationPart;
}

/** The part of an evaluation that one shard carries out. */
export interface EvaluationPart {
  readonly shard: Shard;
  /** Names the side file of the part's answers. */
  readonly key: string;
  /** Of the part's record. */
  readonly recordKey: string;
  /** Into the data set's samples, rising. */
  readonly indices: readonly number[];
}

/** The images that this run evaluates, in order. */
export function imagesOf({ images, part }: ImageTask): readonly number[] {
  return part?.indices ?? images.indices;
}

/** Names the file of the answers of this run. */
export function answersKey({ key, part }: ImageTask): string {
  return part?.key ?? key;
}

/** Heads of the records that the task writes; of a shard one alone, with a key of its own. */
export function headsOf({ heads, part }: ImageTask): readonly RecordHead[] {
  return part === undefined ? heads : heads.map((head) => ({ ...head, key: part.recordKey }));
}

/** One shard's part of a task. */
export function partOf<Task extends ImageTask>(task: Task, shard: Shard): Task {
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

/** What records say of the images that were chosen. */
export function sampleOf({ images }: ImageTask) {
  const { indices, how, seed, idsHash, partial } = images;
  return { count: indices.length, how, seed, idsHash, partial };
}

/** Images that a run answered, and its time for each, ms: reading them included, loading the model not. */
export interface Throughput {
  readonly images: number;
  readonly msPerImage: number;
}

/** Null where a run had nothing left to answer. */
export function throughputOf({ images, ms }: Pick<WorkDone, 'images' | 'ms'>): Throughput | null {
  return images === 0 ? null : { images, msPerImage: ms / images };
}
