/**
 * How long models take: their strict FLOPs times a stated pace, corrected by what this machine does with a small
 * model. Good to a factor of two; the progress bar corrects itself as it goes.
 */
import type { Backend } from '@vssm/backend';
import type { PruningPlan } from '@vssm/core';
import { densePlan, type ModelSpec, newTrainableSpec, randomWeights, usualFamily } from '@vssm/families';
import { costOf } from './cost.ts';
import type { ReadyModel } from './resources.ts';

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
const probeSpec = newTrainableSpec(usualFamily, {
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

/** ms per image, on the stated machine. */
export function imageMs(spec: ModelSpec, plan: PruningPlan): number {
  const pace = statedPace.findLast(([width]) => width <= spec.innerWidth) ?? statedPace[0];
  return pace[1] * costOf(spec, plan).flops.strict;
}

/** ms to open a model, on the stated machine. */
export function loadMs({ described }: Pick<ReadyModel, 'described'>): number {
  return (loadPace * described.params) / 1e6;
}
