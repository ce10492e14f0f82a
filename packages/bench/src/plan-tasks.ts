/**
 * From experiments to tasks: which rows can be run with what is there, on which images, under which keys. Rows of
 * several experiments that come down to the same evaluation become one task.
 */
import { UserError } from '@vssm/core';
import type { Experiment } from './experiment.ts';
import { kindOf } from './kinds/index.ts';
import { Planning, type PlanSettings } from './kinds/planning.ts';
import type { Resources } from './resources.ts';
import type { Task, WorkTask } from './tasks.ts';

/** @throws UserError for a file that is named but cannot be used, and for a model that does not fit its data */
export async function planTasks(
  experiments: readonly Experiment[],
  resources: Resources,
  settings: PlanSettings,
): Promise<Task[]> {
  const tasks: Task[] = [];
  const places = new Map<string, number>();
  for (const experiment of experiments) {
    const planning = new Planning(experiment, resources, settings);
    for (const row of experiment.rows) {
      const task = (await kindOf(row).plan(row, planning)) as Task | null;
      if (task === null) continue;
      const key = sharedKey(task);
      const first = key === null ? undefined : places.get(key);
      if (first === undefined) {
        if (key !== null) places.set(key, tasks.length);
        tasks.push(task);
        continue;
      }
      const there = tasks[first] as WorkTask;
      tasks[first] = kindOf(there).images!.shared(there, task) as WorkTask;
    }
  }
  return tasks;
}

/** Work on images is done once for all rows that show it; null for other work. */
function sharedKey(task: Task): string | null {
  return task.kind === 'skipped' ? null : (kindOf(task).images?.key(task) ?? null);
}

/** The experiments of the given ids; all when none is given. */
export function selectExperiments(
  experiments: readonly Experiment[],
  only: readonly string[],
): readonly Experiment[] {
  const known = experiments.map(({ id }) => id);
  for (const id of only) {
    if (!known.includes(id))
      throw new UserError(`--only "${id}": expected some of ${known.join(', ')}, joined by commas`);
  }
  return only.length === 0 ? experiments : experiments.filter(({ id }) => only.includes(id));
}
