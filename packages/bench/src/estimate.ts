/**
 * How long tasks will take: their strict FLOPs times a stated pace, corrected by what this machine does with a
 * small model. Good to a factor of two; the progress bar corrects itself as it goes.
 */
import type { Backend } from '@vssm/backend';
import type { PruningPlan } from '@vssm/core';
import { densePlan, type ModelSpec, randomWeights, vimSpec } from '@vssm/families';
import { costOf } from './cost.ts';
import { denseEstimateMs } from './dense/task.ts';
import { estimateCpuMs } from './rivals/estimate.ts';
import { isCpuTask } from './rivals/tasks.ts';
import { imagesOf, type WorkTask } from './tasks.ts';

/**
 * ms per strict GFLOP by inner width, measured on two cores (AVX2) with the CPU backend's segments form: the narrower the model,
 * the more of its time goes into moving data.
 */
const statedPace: readonly (readonly [innerWidth: number, msPerGflop: number])[] = [
  [96, 42],
  [384, 24],
  [768, 17],
];

/** Building and opening one model, ms per million parameters. */
const loadPace = 40;

/** The model of the calibration, of the embedded one's size. */
const probeSpec = vimSpec({
  imageHeight: 28,
  imageWidth: 28,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  classes: 10,
  width: 48,
  depth: 8,
  stateSize: 8,
});

/** This machine's time over the stated one; takes well under a second on a CPU. */
export async function calibrate(backend: Backend, threads: number): Promise<number> {
  const size = backend.name === 'reference' ? 1 : 64;
  const model = await backend.load({
    spec: probeSpec,
    weights: randomWeights(probeSpec),
    plan: densePlan,
    threads,
  });
  try {
    const batch = { pixels: new Float32Array(size * 28 * 28), size };
    await model.run(batch);
    let best = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 3; turn++) {
      const started = performance.now();
      await model.run(batch);
      best = Math.min(best, performance.now() - started);
    }
    return best / size / imageMs(probeSpec, densePlan);
  } finally {
    await model.dispose();
  }
}

/** ms, on a machine that is `factor` times as slow as the stated one. */
export function estimateMs(task: WorkTask, factor: number): number {
  if (isCpuTask(task)) return factor * estimateCpuMs(task, imageMs);
  if (task.kind === 'dense') return factor * denseEstimateMs(task);
  const { spec, described } = task.model;
  const loadMs = (loadPace * described.params) / 1e6;
  switch (task.kind) {
    case 'evaluation':
      return factor * (loadMs + imagesOf(task).length * imageMs(spec, task.plan));
    case 'strip':
      return factor * 2 * (loadMs + task.classes.length * imageMs(spec, task.plan));
    case 'speed': {
      const { warmup, minRounds, maxRounds, ms } = task.budget;
      const plans = task.arms.map(({ plan }) => plan);
      const round = factor * task.batch * plans.reduce((sum, plan) => sum + imageMs(spec, plan), 0);
      const rounds = Math.max(minRounds, Math.min(maxRounds, Math.ceil(ms / round)));
      return factor * loadMs * plans.length + round * (warmup + rounds);
    }
    default:
      throw task satisfies never;
  }
}

function imageMs(spec: ModelSpec, plan: PruningPlan): number {
  const pace = statedPace.findLast(([width]) => width <= spec.innerWidth) ?? statedPace[0];
  return pace[1] * costOf(spec, plan).flops.strict;
}
