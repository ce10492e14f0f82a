/** The units of work that a run consists of, fully decided before any of them starts. */
import type { PruningPlan } from '@vssm/core';
import type { ImageDataset } from '@vssm/datasets';
import type { AccuracyRecord, SkippedRecord } from '@vssm/results';
import type { DatasetId } from './dataset-names.ts';
import type { DenseTask } from './dense/task.ts';
import type { ImageChoice } from './images.ts';
import type { ReadyModel } from './resources.ts';
import type { CpuTask } from './rivals/tasks.ts';
import type { EvaluationPart } from './shard.ts';

export type WorkTask = EvaluationTask | SpeedTask | StripTask | CpuTask | DenseTask;
export type Task = WorkTask | SkippedTask;

/** What every record says of the row it belongs to. */
export type RecordHead = Pick<
  AccuracyRecord,
  'schema' | 'key' | 'experiment' | 'row' | 'label' | 'paper' | 'notes'
>;

/** One plan on one choice of images, evaluated once for all the rows that show it. */
export interface EvaluationTask {
  readonly kind: 'evaluation';
  /** Names the predictions' side file. */
  readonly key: string;
  readonly model: Omit<ReadyModel, 'id'>;
  readonly datasetId: DatasetId;
  readonly dataset: ImageDataset;
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

export interface SpeedBudget {
  /** Untimed runs of each model. */
  readonly warmup: number;
  readonly minRounds: number;
  readonly maxRounds: number;
  /** Rounds go on until this is spent, within the two limits above. */
  readonly ms: number;
}

/** A dense model and pruned ones, timed turn about: in every round each of them once. */
export interface SpeedTask {
  readonly kind: 'speed';
  readonly key: string;
  readonly model: ReadyModel;
  readonly batch: number;
  readonly threads: number;
  readonly budget: SpeedBudget;
  /** The first is the dense one. */
  readonly arms: readonly { readonly head: RecordHead; readonly plan: PruningPlan }[];
}

export interface StripTask {
  readonly kind: 'strip';
  readonly model: ReadyModel;
  readonly datasetId: DatasetId;
  readonly dataset: ImageDataset;
  readonly plan: PruningPlan;
  readonly classes: readonly number[];
  readonly head: RecordHead;
}

export interface SkippedTask {
  readonly kind: 'skipped';
  readonly record: SkippedRecord;
}

/** The images that this run evaluates, in order. */
export function imagesOf({ images, part }: EvaluationTask): readonly number[] {
  return part?.indices ?? images.indices;
}

/** Heads of the records that a task writes, in that order; all of their keys there means that it is done. */
export function recordHeads(task: WorkTask): readonly RecordHead[] {
  switch (task.kind) {
    case 'evaluation': {
      const { heads, part } = task;
      return part === undefined ? heads : heads.map((head) => ({ ...head, key: part.recordKey }));
    }
    case 'speed':
    case 'rivals':
    case 'lengths':
    case 'profile':
      return task.arms.map(({ head }) => head);
    case 'strip':
    case 'dense':
      return [task.head];
    default:
      throw task satisfies never;
  }
}

/** For people, in one line. */
export function taskLabel(task: Task): string {
  switch (task.kind) {
    case 'evaluation':
      return `${task.model.described.name}: ${task.heads[0].label}, ${imagesOf(task).length} images`;
    case 'speed':
      return `${task.model.described.name}: speed of ${task.arms.map(({ head }) => head.label).join(' / ')}`;
    case 'strip':
      return `${task.model.described.name}: pictures of ${task.head.label}`;
    case 'rivals':
    case 'lengths':
    case 'profile':
    case 'dense':
      return task.label;
    case 'skipped':
      return `${task.record.label}: ${task.record.reason}`;
    default:
      throw task satisfies never;
  }
}
