/**
 * Training throughput on one thread, and its ratio to the forward pass of the inference engine on the same thread:
 * micro-batches of both interleaved, medians of `rounds`. `pnpm --filter @vssm/train bench [rounds]`
 *
 * Everything runs twice, with the fastest kernels of the machine and with WebAssembly alone. Times are processor time
 * of this process, which other work on the machine disturbs less than the clock on the wall.
 */
import { SegmentEngine } from '@vssm/backend-cpu';
import type { PruningPlan } from '@vssm/core';
import {
  densePlan,
  newTrainableSpec,
  pruningPlan,
  randomWeights,
  type TrainableSpec,
  vimModels,
  vimSpec,
} from '@vssm/families';
import { kernelImplementation } from '@vssm/kernels';
import { GradientEngine } from '../src/engine/engine.ts';
import { flatten } from '../src/engine/layout.ts';
import { smoothedTarget } from '../src/reference/layers.ts';
import { trainingInput } from '../src/table.ts';

interface Case {
  readonly name: string;
  readonly spec: TrainableSpec;
  readonly plan: PruningPlan;
  readonly batch: number;
}

const fashion = vimSpec({
  width: 64,
  depth: 8,
  stateSize: 8,
  imageHeight: 28,
  imageWidth: 28,
  inChannels: 1,
  patchSize: 2,
  stride: 2,
  classes: 10,
});
const pruned = pruningPlan({ schedule: [2, 4, 6].map((after) => ({ after, keep: 0.7 })) });
const plain: TrainableSpec = {
  ...newTrainableSpec('plainmamba', {
    width: 64,
    depth: 8,
    stateSize: 8,
    imageHeight: 28,
    imageWidth: 28,
    inChannels: 1,
    patchSize: 2,
  }),
  classes: 10,
};
const plainPruned = pruningPlan({ schedule: [2, 4, 6].map((after) => ({ after, keep: 0.7 })) }, 'plainmamba');
const cases: readonly Case[] = [
  { name: 'Fashion-MNIST, patch 2, width 64, depth 8, N 8', spec: fashion, plan: densePlan, batch: 16 },
  { name: 'the same, 2,4,6@0.7, decay', spec: fashion, plan: pruned, batch: 16 },
  { name: 'PlainMamba on the same, 14x14 cells', spec: plain, plan: densePlan, batch: 16 },
  { name: 'PlainMamba, 2,4,6@0.7, decay', spec: plain, plan: plainPruned, batch: 16 },
  { name: 'Vim-T 224x224', spec: vimModels['vim-tiny'], plan: densePlan, batch: 2 },
];

const rounds = Number(process.argv[2] ?? 9);
const fastest = await kernelImplementation();
const implementations = [...new Set([fastest, 'wasm' as const])];

for (const { name, spec, plan, batch } of cases) {
  const weights = randomWeights(spec, 1);
  const images = Array.from({ length: batch }, (_, i) => imageOf(spec, i));
  const pixels = new Float32Array(images.flatMap((image) => [...image]));
  const samples = images.map((_, i) => i);
  const micro = {
    patches: new Float32Array(images.flatMap((image) => [...trainingInput(spec, image)])),
    targets: new Float32Array(
      images.flatMap((_, i) => [...smoothedTarget(i % spec.classes, spec.classes, 0)]),
    ),
    samples,
  };
  for (const kernels of implementations) {
    process.env.VSSM_KERNELS = kernels;
    const gradient = await GradientEngine.create({ spec, plan, batch, lossScale: 1 / batch });
    gradient.setParameters(flatten(gradient.layout, weights));
    const forward = await SegmentEngine.create(spec, weights, plan, 1, { largest: batch });
    const size = pixels.length / batch;
    const pass = async () => {
      for (let first = 0; first < batch; first += forward.chunkSize) {
        const end = Math.min(batch, first + forward.chunkSize);
        await forward.run({
          pixels: pixels.subarray(first * size, end * size),
          samples: samples.slice(first, end),
        });
      }
    };
    const runs = [async () => gradient.run(micro), pass];
    const times = runs.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [i, run] of runs.entries()) {
        const ms = await processorTime(run);
        // The first round warms up.
        if (round > 0) times[i].push(ms / batch);
      }
    }
    const [whole, forwards] = times.map((own) => own.sort((a, b) => a - b)[Math.floor(own.length / 2)]);
    console.log(
      `${name}, ${kernels} kernels: loss and gradient ${whole.toFixed(2)} ms per image, ` +
        `forward ${forwards.toFixed(2)}, ratio ${(whole / forwards).toFixed(2)}`,
    );
    await forward.dispose();
  }
}

async function processorTime(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function imageOf(spec: TrainableSpec, seed: number): Float32Array {
  const size = spec.inChannels * spec.imageHeight * spec.imageWidth;
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.37 + seed));
}
