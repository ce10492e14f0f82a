/** One evaluation asked for by hand, with the same files, keys, shards and way to go on as the benchmarks have. */
import type { AccuracyRecord, ShardRecord, VisionRecord } from '@vssm/results';
import type { OpenedBackend } from './backends.ts';
import { codeVersion } from './code/made-with.ts';
import { kindOf } from './kinds/index.ts';
import type { Progress } from './progress.ts';
import { inRunFolder, workplaceIn } from './run-folder.ts';
import { writeRunHeader } from './run-header.ts';
import type { Shard } from './shard.ts';
import type { WorkTask } from './tasks.ts';
import type { RunState, Workplace } from './workplace.ts';

export interface OnceRequest {
  readonly backend: OpenedBackend;
  readonly threads: number;
  /** Run folder; running again with the same one resumes. */
  readonly out: string;
  readonly shard?: Shard;
  /** As typed, one argument per element. */
  readonly command: readonly string[];
  readonly progress: Progress;
}

export type EvaluationRecord = AccuracyRecord | VisionRecord | ShardRecord;

export type Stopped = { readonly state: 'stopped'; readonly exitCode: number };

export type OnceOutcome<Record extends EvaluationRecord> =
  | { readonly state: 'done'; readonly record: Record | ShardRecord }
  | Stopped;

/**
 * @param run carries the task out. Default: as its kind does
 * @throws UserError for a folder in use, a full disk, a model that cannot be run; finished images are kept
 */
export async function carryOutOnce<Record extends EvaluationRecord>(
  whole: WorkTask,
  request: OnceRequest,
  run: (task: WorkTask, place: Workplace) => Promise<RunState> = (task, place) =>
    kindOf(task).run(task, place),
): Promise<OnceOutcome<Record>> {
  const { backend, progress, command, shard } = request;
  const kind = kindOf(whole);
  const task = shard === undefined ? whole : (kind.images!.part(whole, shard) as WorkTask);
  const [{ key }] = kind.heads(task);
  return inRunFolder(request, 'finishing the current images', async (folder) => {
    const { results, interruption } = folder;
    writeRunHeader(results, command, codeVersion(), backend.accelerator);
    const estimate = kind.estimate(task, 1);
    progress.begin(estimate);
    progress.task(kind.label(task));
    const place = workplaceIn(folder, request, estimate);
    const state = results.complete(key) ? 'found' : await run(task, place);
    if (state === 'stopped') return { state, exitCode: interruption.exitCode };
    const record = results.records.findLast((found) => found.key === key && found.kind !== 'skipped');
    return { state: 'done', record: record as Record | ShardRecord };
  });
}
