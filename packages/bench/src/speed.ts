/**
 * Speed of a dense model and its pruned versions, timed interleaved: in every round each runs once, and the order
 * turns round from one to the next, so that a machine that slows down or speeds up meanwhile favours none.
 */
import type { Batch, LoadedModel } from '@vssm/backend';
import { formatSchedule, type PruningPlan, uniformNumbers } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { pairedSpeedup, timeStatistics } from '@vssm/results/statistics';
import { Bench } from 'tinybench';
import { costOf } from './cost.ts';
import type { RecordHead } from './kinds/heads.ts';
import type { ReadyModel } from './resources.ts';
import type { SpeedBudget } from './speed-budget.ts';
import { loadModel, type RunState, TaskFailure, type Workplace } from './workplace.ts';

/** An unpruned model and pruned ones, timed in turn: in every round each of them once. */
export interface SpeedTask {
  readonly kind: 'speed';
  readonly key: string;
  readonly model: ReadyModel;
  readonly batch: number;
  readonly threads: number;
  readonly budget: SpeedBudget;
  /** The first is the unpruned one. */
  readonly arms: readonly { readonly head: RecordHead; readonly plan: PruningPlan }[];
}

/** Nothing is kept when it is stopped before the end. */
export async function measureSpeed(task: SpeedTask, place: Workplace): Promise<RunState> {
  const started = performance.now();
  const { spec } = task.model;
  const weights = task.model.weights();
  const models: LoadedModel[] = [];
  try {
    for (const { plan } of task.arms) {
      if (place.stopping()) return 'stopped';
      models.push(await loadModel(place, spec, weights, plan));
    }
    const batch = randomBatch(spec, task.batch);
    const runs = models.map((model) => async () => {
      const { failed } = await model.run(batch);
      if (failed !== undefined)
        throw new TaskFailure(`a timed run got no answer: ${[...failed.values()][0]}`);
    });
    const rounds = await timeTurnAbout(runs, task.budget, place);
    if (rounds === null) return 'stopped';
    const perImage = rounds.map((round) => round.map((ms) => ms / task.batch));
    writeRecords(task, place, perImage, performance.now() - started);
    return 'done';
  } finally {
    for (const model of models) await model.dispose();
  }
}

/**
 * ms of every run in every round, [rounds][runs]; null when stopped.
 *
 * Rounds go on until the budget is spent, at least `minRounds` and at most `maxRounds`.
 */
export async function timeTurnAbout(
  runs: readonly (() => Promise<unknown>)[],
  budget: SpeedBudget,
  { stopping, advance }: Pick<Workplace, 'stopping' | 'advance'>,
): Promise<number[][] | null> {
  for (let turn = 0; turn < budget.warmup; turn++) {
    for (const run of runs) {
      if (stopping()) return null;
      await run();
    }
  }
  const rounds: number[][] = [];
  const begin = performance.now();
  let shown = 0;
  for (let spent = 0; rounds.length < budget.maxRounds; spent = performance.now() - begin) {
    if (spent >= budget.ms && rounds.length >= budget.minRounds) break;
    if (stopping()) return null;
    rounds.push(await timeOnce(runs, rounds.length % 2 === 1));
    const byTime = Math.min((performance.now() - begin) / budget.ms, rounds.length / budget.minRounds);
    const share = Math.min(1, Math.max(rounds.length / budget.maxRounds, byTime));
    advance(share - shown);
    shown = share;
  }
  return rounds;
}

/** One round by tinybench: each run once, nothing warmed up, nothing called besides. */
async function timeOnce(runs: readonly (() => Promise<unknown>)[], backwards: boolean): Promise<number[]> {
  const bench = new Bench({ iterations: 1, time: 0, warmup: false, retainSamples: true, throws: true });
  const order = runs.map((_, index) => index);
  if (backwards) order.reverse();
  for (const index of order) bench.add(String(index), runs[index], { async: true });
  await bench.run();
  return runs.map((_, index) => {
    const result = bench.getTask(String(index))?.result;
    if (result?.state !== 'completed') throw new Error(`timing ended as "${result?.state}"`);
    return result.latency.samples![0];
  });
}

function writeRecords(
  task: SpeedTask,
  place: Workplace,
  rounds: readonly number[][],
  durationMs: number,
): void {
  const [dense] = task.arms;
  const samplesOf = (arm: number) => rounds.map((round) => round[arm]);
  for (const [arm, { head, plan }] of task.arms.entries()) {
    if (place.results.has(head.key)) continue;
    const samplesMs = samplesOf(arm);
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
      ...timeStatistics(samplesMs),
      speedup: arm === 0 ? null : pairedSpeedup(dense.head.key, samplesOf(0), samplesMs),
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
