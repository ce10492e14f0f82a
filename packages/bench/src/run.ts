/**
 * The runner: plans every task first, then carries them out one after another, appending each result to the run
 * folder as it is finished. Run again on the same folder, it skips what is there and goes on where it was cut off.
 */

import { join } from 'node:path';
import { openResults, type Results, resultsFileName } from '@vssm/results';
import { evaluate } from './accuracy.ts';
import type { OpenedBackend } from './backends.ts';
import { checkExperiment } from './check-experiment.ts';
import { codeOf, codeVersion, type MadeWith } from './code/made-with.ts';
import { costOf } from './cost.ts';
import type { DatasetId } from './dataset-names.ts';
import { defaultSampleSizes } from './datasets.ts';
import { denseSkipped, measureDense } from './dense/task.ts';
import { captureEnvironment } from './environment.ts';
import { calibrate, estimateMs } from './estimate.ts';
import type { Experiment } from './experiment.ts';
import { exitCodes, listenForInterruption, type StopSignal } from './interruption.ts';
import { planTasks, selectExperiments } from './plan-tasks.ts';
import type { Progress } from './progress.ts';
import { Resources, type Sources } from './resources.ts';
import { measureProfile } from './rivals/measure-profile.ts';
import { measureLengths, measureRivals } from './rivals/measure-rivals.ts';
import { isCpuTask } from './rivals/tasks.ts';
import { writeRunHeader } from './run-header.ts';
import { type Shard, tasksOfShard } from './shard.ts';
import { skippedRecord } from './skipped.ts';
import { measureSpeed } from './speed.ts';
import { drawStrip } from './strip.ts';
import { recordHeads, type SpeedBudget, type Task, taskLabel, type WorkTask } from './tasks.ts';
import { TaskFailure, type Workplace } from './workplace.ts';

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
  /** Images of the stratified samples. Default: `defaultSampleSizes`. */
  readonly sampleSizes?: Readonly<Record<DatasetId, number>>;
  /** Default: `defaultSpeedBudget`. */
  readonly speedBudget?: SpeedBudget;
  /** Identifies the measuring code in keys. Default: the hash of its sources. */
  readonly codeVersion?: string;
}

/** For models of a tenth of a second to a few seconds: tinybench's own 64 iterations would take minutes. */
export const defaultSpeedBudget: SpeedBudget = { warmup: 2, minRounds: 5, maxRounds: 30, ms: 30_000 };

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

function codeOfRequest({ codeVersion: given, backend: { name: backend } }: BenchRequest) {
  return (made: Omit<MadeWith, 'backend'>) => given ?? codeOf({ ...made, backend });
}

/** @throws UserError for input that cannot be used, a folder in use, a full disk; what was finished is kept */
export async function runBench(request: BenchRequest): Promise<BenchOutcome> {
  const resources = new Resources(request.sources);
  try {
    const tasks = await plannedTasks(request, resources);
    const results = openResults(request.out);
    try {
      return await carryOut(tasks, results, request);
    } finally {
      results.close();
    }
  } finally {
    await resources.close();
  }
}

async function carryOut(
  tasks: readonly Task[],
  results: Results,
  request: BenchRequest,
): Promise<BenchOutcome> {
  const started = performance.now();
  const { progress, backend } = request;
  for (const repair of results.repairs) progress.say(repair);
  writeRunHeader(results, request.command, request.codeVersion ?? codeVersion(), backend.accelerator);

  const work = tasks.filter((task): task is WorkTask => task.kind !== 'skipped');
  const toDo = work.filter((task) => !recordHeads(task).every(({ key }) => results.has(key)));
  const factor = toDo.length === 0 ? 1 : await calibrate(backend.backend, request.threads);
  progress.begin(toDo.reduce((sum, task) => sum + estimateMs(task, factor), 0));
  const interruption = listenForInterruption((signal) =>
    progress.say(`${signal}: finishing the current batch; once more to stop at once`),
  );

  const failures: { label: string; reason: string }[] = [];
  let carriedOut = 0;
  let unreadable = 0;
  try {
    for (const task of tasks) {
      if (interruption.signal !== null) break;
      if (task.kind === 'skipped') {
        results.append(task.record);
        continue;
      }
      if (!toDo.includes(task)) continue;
      progress.task(taskLabel(task));
      const estimate = estimateMs(task, factor);
      const place: Workplace = {
        backend: task.kind === 'speed' && task.batch === 1 ? backend.latency : backend.backend,
        described: { name: backend.name, form: backend.form },
        threads: request.threads,
        results,
        stopping: () => interruption.signal !== null,
        found: (share) => progress.found(share * estimate),
        advance: (share) => progress.advance(share * estimate),
      };
      try {
        if (!(await perform(task, place))) break;
        carriedOut++;
        unreadable += tellUnreadable(task, results, progress);
      } catch (error) {
        if (!(error instanceof TaskFailure)) throw error;
        progress.say(`not finished: ${taskLabel(task)}: ${error.message}`);
        failures.push(...recordFailure(task, error, results));
      }
    }
  } finally {
    interruption.release();
    progress.end();
  }
  const stoppedBy = interruption.signal;
  return {
    results: join(request.out, resultsFileName),
    carriedOut,
    foundDone: work.length - toDo.length,
    notRun: tasks.length - work.length,
    failures,
    unreadable,
    partial: request.limit !== undefined,
    stoppedBy,
    durationMs: performance.now() - started,
    exitCode: stoppedBy !== null ? exitCodes[stoppedBy] : failures.length > 0 ? 1 : 0,
  };
}

function perform(task: WorkTask, place: Workplace): Promise<boolean> {
  switch (task.kind) {
    case 'evaluation':
      return evaluate(task, place);
    case 'speed':
      return measureSpeed(task, place);
    case 'strip':
      return drawStrip(task, place);
    case 'dense':
      return measureDense(task, place);
    case 'rivals':
      return measureRivals(task, place);
    case 'lengths':
      return measureLengths(task, place);
    case 'profile':
      return measureProfile(task, place);
    default:
      throw task satisfies never;
  }
}

/** Says which images have no answer, mostly because they could not be read; returns how many. */
function tellUnreadable(task: WorkTask, results: Results, progress: Progress): number {
  if (task.kind !== 'evaluation' && task.kind !== 'dense') return 0;
  const { key } = recordHeads(task)[0];
  const record = results.records.find((found) => found.key === key && found.kind !== 'skipped');
  if (record?.kind === 'shard') {
    if (record.failed > 0) progress.say(`${taskLabel(task)}: ${record.failed} without an answer`);
    return record.failed;
  }
  const failed = record?.kind === 'accuracy' || record?.kind === 'dense' ? record.failed : [];
  if (failed.length > 0) {
    progress.say(
      `${taskLabel(task)}: ${failed.length} without an answer, not counted; the first: ${failed[0].error}`,
    );
  }
  return failed.length;
}

const mendAndRepeat = 'mend this, then run the same command again';

function recordFailure(task: WorkTask, { message }: TaskFailure, results: Results) {
  if (task.kind === 'dense') {
    const { head, plan, datasetId: dataset, model } = task;
    results.append(denseSkipped({ ...head, dataset, plan }, model.spec, message, mendAndRepeat));
    return [{ label: `${head.experiment}: ${head.label}`, reason: message }];
  }
  const dataset = 'datasetId' in task ? task.datasetId : null;
  return recordHeads(task).map((head, arm) => {
    const plan = 'arms' in task ? task.arms[arm].plan : task.plan;
    const { spec } = isCpuTask(task) ? task.arms[arm].model : task.model;
    const cost = costOf(spec, plan);
    results.append(skippedRecord(head, dataset, cost, message, mendAndRepeat));
    return { label: `${head.experiment}: ${head.label}`, reason: message };
  });
}
