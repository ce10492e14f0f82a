/**
 * A kind of work: how a declared row becomes a task, what the task is called and costs, and how it is carried out. The
 * runner, the preview, shards and merging ask a task's kind and nothing else, so that one more kind is a file here and
 * a line in index.ts.
 */
import type { Cost } from '../cost.ts';
import type { Shard } from '../shard.ts';
import type { RunState, Workplace } from '../workplace.ts';
import type { RecordHead } from './heads.ts';
import type { Planning } from './planning.ts';
import type { RowBase, SkippedTask } from './row.ts';

export interface TaskBase {
  readonly kind: string;
}

export interface WorkKind<Row extends RowBase, Task extends TaskBase & { readonly kind: Row['kind'] }> {
  readonly kind: Row['kind'];
  /**
   * Null for a row that another one of the experiment carries out, or that is for another extent of run.
   *
   * @throws UserError for a file that is named but cannot be used, and for a model that does not fit its data
   */
  plan(row: Row, planning: Planning): Promise<Task | SkippedTask | null>;
  /** Heads of the records that a task writes, in that order; all of their keys there means that it is done. */
  heads(task: Task): readonly RecordHead[];
  /** For people, in one line. */
  label(task: Task): string;
  /** ms, on a machine that is `factor` times as slow as the stated one (see pace.ts). */
  estimate(task: Task, factor: number): number;
  /** @returns `stopped` when it was stopped before the end; what was done is kept where the kind keeps any */
  run(task: Task, place: Workplace): Promise<RunState>;
  /** What the record says of a row that could not be finished, by its place among the heads. */
  skipped(task: Task, head: number): { readonly dataset: string | null; readonly cost: Cost | null };
  /** Ids of other rows that the row names. */
  named?(row: Row): readonly string[];
  /** For work on images, which are dealt out to shards; other work is the first shard's. */
  readonly images?: ImagesOfTask<Task>;
  /** Threads of its models, where memory may allow fewer than were asked for. */
  threads?(task: Task): number;
  /** Whether a single image's latency is measured, on the backend's own form for that. */
  latency?(task: Task): boolean;
}

export interface ImagesOfTask<Task> {
  count(task: Task): number;
  /** One shard's part. */
  part(task: Task, shard: Shard): Task;
  /** Images that an earlier run in the folder has answered. */
  answered(task: Task, folder: string): number;
  /** Equal keys are the same work. */
  key(task: Task): string;
  /** The same work for the rows of both. */
  shared(task: Task, other: Task): Task;
}
