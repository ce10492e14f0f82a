/** The units of work that a run consists of, fully decided before any of them starts. */

import { kindOf, type WorkTask } from './kinds/index.ts';
import type { SkippedTask } from './kinds/row.ts';
import type { Shard } from './shard.ts';

export type { SkippedTask, WorkTask };
export type Task = WorkTask | SkippedTask;

/** For people, in one line. */
export function taskLabel(task: Task): string {
  return task.kind === 'skipped' ? `${task.record.label}: ${task.record.reason}` : kindOf(task).label(task);
}

/** What a run that is one of several has to do: its part of all work on images, and the first one all the rest. */
export function tasksOfShard(tasks: readonly Task[], shard: Shard): Task[] {
  return tasks.flatMap((task): Task[] => {
    if (task.kind === 'skipped') return [task];
    const { images } = kindOf(task);
    if (images !== undefined) return [images.part(task, shard) as WorkTask];
    return shard.index === 1 ? [task] : [];
  });
}
