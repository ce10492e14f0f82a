/** What a run would do, without doing it: `--plan`. Nothing is written. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@vssm/core';
import { readResults, resultsFileName } from '@vssm/results';
import { formatDuration } from './duration.ts';
import { kindOf } from './kinds/index.ts';
import { calibrate } from './pace.ts';
import { Resources } from './resources.ts';
import { type BenchRequest, plannedTasks } from './run.ts';
import { type Task, taskLabel } from './tasks.ts';

export interface PlannedTask {
  readonly label: string;
  readonly kind: Task['kind'];
  /** `experiment/row` of every row that the task answers. */
  readonly rows: readonly string[];
  readonly state: 'to do' | 'half done' | 'done' | 'not run';
  /** Images evaluated; null for tasks that evaluate none. */
  readonly images: number | null;
  /** Of what is still to be done; 0 when nothing is. */
  readonly estimateMs: number;
  /** Why it is not run, and how to; null otherwise. */
  readonly notRun: { readonly reason: string; readonly howToRun: string } | null;
}

export interface BenchPreview {
  readonly results: string;
  readonly tasks: readonly PlannedTask[];
  readonly totalMs: number;
  /** This machine's time over the one that estimates are stated for. */
  readonly machineFactor: number;
}

/** Plans as `runBench` does, and measures this machine for the estimates. @throws UserError as `runBench` */
export async function previewBench(request: BenchRequest): Promise<BenchPreview> {
  const resources = new Resources(request.sources);
  try {
    const planned = await plannedTasks(request, resources);
    const factor = await calibrate(request.backend.backend, request.threads);
    const finished = finishedKeys(request.out);
    const tasks = planned.map((task) => describe(task, request.out, finished, factor));
    return {
      results: join(request.out, resultsFileName),
      tasks,
      totalMs: tasks.reduce((sum, task) => sum + task.estimateMs, 0),
      machineFactor: factor,
    };
  } finally {
    await resources.close();
  }
}

function finishedKeys(folder: string): ReadonlySet<string> {
  if (!existsSync(join(folder, resultsFileName))) return new Set();
  const { records } = readResults(folder);
  return new Set(records.filter(({ kind }) => kind !== 'skipped').map(({ key }) => key));
}

function describe(task: Task, folder: string, finished: ReadonlySet<string>, factor: number): PlannedTask {
  const { kind } = task;
  const label = taskLabel(task);
  if (kind === 'skipped') {
    const { experiment, row, label: rowLabel, reason, howToRun } = task.record;
    const rows = [`${experiment}/${row}`];
    const notRun = { reason, howToRun };
    return { label: rowLabel, kind, rows, state: 'not run', images: null, estimateMs: 0, notRun };
  }
  const work = kindOf(task);
  const heads = work.heads(task);
  const images = work.images?.count(task) ?? null;
  // Below 1 while the record is still to be written.
  const share = Math.min(0.99, (work.images?.answered(task, folder) ?? 0) / Math.max(1, images ?? 1));
  const left = heads.every(({ key }) => finished.has(key)) ? 0 : 1 - share;
  return {
    label,
    kind,
    rows: heads.map(({ experiment, row }) => `${experiment}/${row}`),
    state: left === 0 ? 'done' : left === 1 ? 'to do' : 'half done',
    images,
    estimateMs: left * work.estimate(task, factor),
    notRun: null,
  };
}

/** For people; one line per task, rows that are not run joined by their reason. */
export function formatPreview({ results, tasks, totalMs }: BenchPreview): string {
  const lines = tasks
    .filter(({ notRun }) => notRun === null)
    .map(({ label, rows, state, estimateMs: ms }) => {
      const tables = [...new Set(rows.map((row) => row.split('/')[0]))].join(', ');
      const time = state === 'done' ? 'done' : `${formatDuration(ms)}${state === 'half done' ? ' left' : ''}`;
      return `  ${time.padStart(12)}  ${label}  [${tables}]`;
    });
  const reasons = Map.groupBy(
    tasks.filter(({ notRun }) => notRun !== null),
    ({ notRun }) => `${notRun!.reason}\n                to run them: ${notRun!.howToRun}`,
  );
  for (const [reason, rows] of reasons) lines.push(`  not run: ${counted(rows.length, 'row')}: ${reason}`);
  lines.push(`about ${formatDuration(totalMs)} in all; results would go to ${results}; nothing was written`);
  return lines.join('\n');
}
