/**
 * Speed of a dense model and its pruned versions, timed interleaved: in every round each runs once, and the order
 * turns round from one to the next, so that a machine that slows down or speeds up meanwhile favours none.
 */
import type { Batch, LoadedModel } from '@vssm/backend';
import { formatSchedule, type PruningPlan, uniformNumbers } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { MatmulFloor } from '@vssm/families/graph';
import { costOf } from './cost.ts';
import type { RecordHead } from './kinds/heads.ts';
import type { ReadyModel } from './resources.ts';
import type { SpeedBudget } from './speed-budget.ts';
import { type Interleaved, timeInterleaved } from './timing/interleaved.ts';
import { timesOf } from './timing/times-of.ts';
import { loadModel, type RunState, TaskFailure, type Workplace } from './workplace.ts';

/** An unpruned model and pruned ones, timed in turn: in every round each of them once. */
export interface SpeedTask {
  readonly kind: 'speed';
  readonly key: string;
  readonly model: ReadyModel;
  readonly batch: number;
  readonly threads: number;
  readonly budget: SpeedBudget;
  /** Whether the matrix products alone are timed too. */
  readonly floor: boolean;
  /** The first is the unpruned one. */
  readonly arms: readonly { readonly head: RecordHead; readonly plan: PruningPlan }[];
}

/** Nothing is kept when it is stopped before the end. */
export async function measureSpeed(task: SpeedTask, place: Workplace): Promise<RunState> {
  const started = performance.now();
  const { spec } = task.model;
  const weights = task.model.weights();
  const models: LoadedModel[] = [];
  const floors: MatmulFloor[] = [];
  try {
    for (const { plan } of task.arms) {
      if (place.stopping()) return 'stopped';
      models.push(await loadModel(place, spec, weights, plan));
    }
    if (task.floor && place.backend.loadMatmulFloor !== undefined) {
      for (const { plan } of task.arms) floors.push(await place.backend.loadMatmulFloor(spec, plan));
    }
    const batch = randomBatch(spec, task.batch);
    const runs = models.map((model) => async () => {
      const { failed } = await model.run(batch);
      if (failed !== undefined)
        throw new TaskFailure(`a timed run got no answer: ${[...failed.values()][0]}`);
    });
    const products = floors.map((floor) => () => floor.run(task.batch));
    const timed = await timeInterleaved([...runs, ...products], task.budget, place);
    if (timed === null) return 'stopped';
    writeRecords(task, place, timed, performance.now() - started);
    return 'done';
  } finally {
    for (const one of [...models, ...floors]) await one.dispose();
  }
}

/** @param timed the models, then their floors if there are some, in the order of the arms */
function writeRecords(task: SpeedTask, place: Workplace, timed: Interleaved, durationMs: number): void {
  const [dense] = task.arms;
  const runs = timed.ms[0].length;
  const hasFloors = runs > task.arms.length;
  for (const [arm, { head, plan }] of task.arms.entries()) {
    if (place.results.has(head.key)) continue;
    place.results.append({
      ...head,
      kind: 'speed',
      model: task.model.described,
      plan: { ...plan, schedule: [...plan.schedule] },
      schedule: formatSchedule(plan.schedule),
      backend: place.described,
      threads: task.threads,
      batch: task.batch,
      warmup: task.budget.warmup,
      ...timesOf(
        timed,
        Array.from({ length: runs }, () => task.batch),
        arm,
        arm === 0 ? null : { arm: 0, key: dense.head.key },
      ),
      ...(hasFloors && { floorMs: timed.ms.map((round) => round[task.arms.length + arm] / task.batch) }),
      ...costOf(task.model.spec, plan),
      durationMs,
    });
  }
}

/** Pixels as normalised images have them, near -2 … 2; the values do not change the work. */
export function randomBatch(spec: ModelSpec, size: number): Batch {
  const pixels = new Float32Array(size * spec.inChannels * spec.imageHeight * spec.imageWidth);
  const uniform = uniformNumbers(1);
  for (let at = 0; at < pixels.length; at++) pixels[at] = (uniform() - 0.5) * 4;
  return { pixels, size };
}
