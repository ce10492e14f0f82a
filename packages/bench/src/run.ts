/**
 * The runner: plans every task first, then carries them out one after another, appending each result to the run
 * folder as it is finished. Run again on the same folder, it skips what is there and goes on where it was cut off.
 */

import { join } from 'node:path';
import { type Results, resultsFileName } from '@vssm/results';
import type { OpenedBackend } from './backends.ts';
import { checkExperiment } from './check-experiment.ts';
import { codeOf, codeVersion, type MadeWith } from './code/made-with.ts';
import type { DatasetId } from './dataset-names.ts';
import { defaultSampleSizes } from './datasets.ts';
import { captureEnvironment } from './environment.ts';
import type { Experiment } from './experiment.ts';
import { exitCodes, interruptible, type StopSignal } from './interruption.ts';
import { kindOf } from './kinds/index.ts';
import { calibrate } from './pace.ts';
import { planTasks, selectExperiments } from './plan-tasks.ts';
import type { Progress } from './progress.ts';
import { Resources, type Sources } from './resources.ts';
import { inRunFolder, type RunFolder, workplaceIn } from './run-folder.ts';
import { writeRunHeader } from './run-header.ts';
import type { Shard } from './shard.ts';
import { skippedRecord } from './skipped.ts';
import { defaultSpeedBudget, type SpeedBudget } from './speed-budget.ts';
import { type Task, taskLabel, tasksOfShard, type WorkTask } from './tasks.ts';
import { TaskFailure } from './workplace.ts';

export interface BenchRequest {
  readonly experiments: readonly Experiment[];
  /** Run folder. */
  readonly out: string;
  /** Ids of experiments; all when empty. */
  readonly only: readonly string[];
  readonly full: boolean;
  /** First images only, stamped partial. */
  readonly limit?: number;
  /** This run's share of the work; all of it where absent. */
  readonly shard?: Shard;
  readonly backend: OpenedBackend;
  readonly threads: number;
  readonly sources: Sources;
  /** As typed, one argument per element. */
  readonly command: readonly string[];
  readonly progress: Progress;
  /** Called whenever a task has ended and others follow; nothing is timed meanwhile. */
  readonly between?: () => Promise<void>;
  /** Images of the stratified samples. Default: `defaultSampleSizes`. */
  readonly sampleSizes?: Readonly<Record<DatasetId, number>>;
  /** Default: `defaultSpeedBudget`. */
  readonly speedBudget?: SpeedBudget;
  /** How long the current batch may take to end after a signal, ms. Default: 10 s. */
  readonly graceMs?: number;
  /** Bytes that models may take. Default: what is free now. */
  readonly availableMemory?: number;
  /** Identifies the measuring code in keys. Default: the hash of its sources. */
  readonly codeVersion?: string;
}

export interface BenchOutcome {
  /** The results file. */
  readonly results: string;
  /** Tasks carried out by this run, and found finished. */
  readonly carriedOut: number;
  readonly foundDone: number;
  /** Rows for which something is missing, as the results say. */
  readonly notRun: number;
  /** Rows that could not be finished. */
  readonly failures: readonly { readonly label: string; readonly reason: string }[];
  /** Images without an answer (mostly because they could not be read), over all results of this run. */
  readonly unreadable: number;
  /** True when `limit` cut the run down. */
  readonly partial: boolean;
  /** The signal that stopped the run; run the same command again to go on. */
  readonly stoppedBy: StopSignal | null;
  readonly durationMs: number;
  /** 0, 1 when a row failed, 130 or 143 after a signal. */
  readonly exitCode: number;
}

/** Everything to do, in order. Opens models and data sets, and writes nothing. */
export async function plannedTasks(request: BenchRequest, resources: Resources): Promise<Task[]> {
  for (const experiment of request.experiments) checkExperiment(experiment);
  const environment = captureEnvironment(request.backend.accelerator);
  const tasks = await planTasks(selectExperiments(request.experiments, request.only), resources, {
    full: request.full,
    only: request.only,
    limit: request.limit,
    sampleSizes: request.sampleSizes ?? defaultSampleSizes,
    speedBudget: request.speedBudget ?? defaultSpeedBudget,
    threads: request.threads,
    memory: {
      available: request.availableMemory ?? process.availableMemory(),
      say: onceEach(request.progress),
    },
    backend: {
      name: request.backend.name,
      form: request.backend.form,
      runtime: request.backend.runtime,
    },
    code: codeOfRequest(request),
    machine: {
      node: environment.node,
      os: environment.os,
      arch: environment.arch,
      cpu: environment.cpu,
      cores: environment.cores,
    },
  });
  return request.shard === undefined ? tasks : tasksOfShard(tasks, request.shard);
}

/** Many rows have the same model. */
function onceEach(progress: Progress): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (!told.has(line)) progress.say(line);
    told.add(line);
  };
}

function codeOfRequest({ codeVersion: given, backend: { name: backend } }: BenchRequest) {
  return (made: Omit<MadeWith, 'backend'>) => given ?? codeOf({ ...made, backend });
}

/** @throws UserError for input that cannot be used, a folder in use, a full disk; what was finished is kept */
export async function runBench(request: BenchRequest): Promise<BenchOutcome> {
  const resources = new Resources(request.sources);
  try {
    const tasks = await plannedTasks(request, resources);
    return await inRunFolder(request, 'finishing the current batch', (folder) =>
      carryOut(tasks, folder, request),
    );
  } finally {
    await resources.close();
  }
}

async function carryOut(
  tasks: readonly Task[],
  folder: RunFolder,
  request: BenchRequest,
): Promise<BenchOutcome> {
  const started = performance.now();
  const { progress, backend } = request;
  const { results, interruption, stopping } = folder;
  writeRunHeader(results, request.command, request.codeVersion ?? codeVersion(), backend.accelerator);

  const work = tasks.filter((task): task is WorkTask => task.kind !== 'skipped');
  // What left images without an answer is looked at again: they may be readable now.
  const toDo = work.filter(
    (task) =>
      !kindOf(task)
        .heads(task)
        .every(({ key }) => results.complete(key)),
  );
  const factor =
    toDo.length === 0 ? 1 : await interruptible(() => calibrate(backend.backend, request.threads));
  progress.begin(toDo.reduce((sum, task) => sum + kindOf(task).estimate(task, factor), 0));

  const failures: { label: string; reason: string }[] = [];
  let carriedOut = 0;
  let foundDone = work.length - toDo.length;
  let unreadable = 0;
  for (const task of tasks) {
    if (stopping()) break;
    if (task.kind === 'skipped') {
      results.append(task.record);
      continue;
    }
    if (!toDo.includes(task)) continue;
    progress.task(taskLabel(task));
    const estimate = kindOf(task).estimate(task, factor);
    const latency = kindOf(task).latency?.(task) === true;
    const threads = kindOf(task).threads?.(task) ?? request.threads;
    const place = workplaceIn(folder, { ...request, threads }, estimate, { latency });
    try {
      const state = await kindOf(task).run(task, place);
      if (state === 'stopped') break;
      if (state === 'found') foundDone++;
      else carriedOut++;
      unreadable += tellUnreadable(task, results, progress);
      if (task !== toDo.at(-1)) await request.between?.();
    } catch (error) {
      if (!(error instanceof TaskFailure)) throw error;
      progress.say(`not finished: ${taskLabel(task)}: ${error.message}`);
      failures.push(...recordFailure(task, error, results));
    }
  }
  const stoppedBy = interruption.signal;
  return {
    results: join(request.out, resultsFileName),
    carriedOut,
    foundDone,
    notRun: tasks.length - work.length,
    failures,
    unreadable,
    partial: request.limit !== undefined,
    stoppedBy,
    durationMs: performance.now() - started,
    exitCode: stoppedBy !== null ? exitCodes[stoppedBy] : failures.length > 0 ? 1 : 0,
  };
}

/** Says which images have no answer, mostly because they could not be read; returns how many. */
function tellUnreadable(task: WorkTask, results: Results, progress: Progress): number {
  const [{ key }] = kindOf(task).heads(task);
  const record = results.records.findLast((found) => found.key === key && found.kind !== 'skipped');
  if (record?.kind === 'shard') {
    if (record.failed > 0) progress.say(`${taskLabel(task)}: ${record.failed} without an answer`);
    return record.failed;
  }
  const failed = record !== undefined && 'failed' in record ? record.failed : [];
  if (failed.length > 0) {
    const [{ id, error }] = failed;
    progress.say(
      `${taskLabel(task)}: ${failed.length} without an answer, not counted; the first: ${id}: ${error}`,
    );
  }
  return failed.length;
}

const fixAndRepeat = 'fix this, then run the same command again';

function recordFailure(task: WorkTask, { message }: TaskFailure, results: Results) {
  const kind = kindOf(task);
  return kind.heads(task).map((head, at) => {
    const { dataset, cost } = kind.skipped(task, at);
    results.append(skippedRecord(head, dataset, cost, message, fixAndRepeat));
    return { label: `${head.experiment}: ${head.label}`, reason: message };
  });
}
