/** For the tests: a data set that a tiny model learns in a few steps, and a run on it. Also a program that runs it. */
import { fileURLToPath } from 'node:url';
import { type PruningPlan, uniformNumbers } from '@vssm/core';
import type { ImageDataset, Normalisation } from '@vssm/datasets';
import type { TrainableSpec } from '@vssm/families';
import { imageExamples } from '../../data/examples.ts';
import { trainingRecipe } from '../../recipe/recipe.ts';
import { freshWeights } from '../../table.ts';
import {
  plainPlans,
  plans,
  registerPlans,
  smallPlainSpec,
  smallRegisterSpec,
  smallSpec,
  smallVideoSpec,
} from '../../test-support/made-up.ts';
import { type TrainingRun, train } from '../train.ts';

export const grey: Normalisation = { channels: 1, white: 1, mean: [0.5], std: [0.5] };

/** Grey 8x8 pictures of three classes: bright in the upper, the lower or no half, under noise. */
export function stripedDataset(count: number): ImageDataset {
  const pictures = Array.from({ length: count }, (_, index) => {
    const uniform = uniformNumbers(index);
    const data = new Uint8Array(8 * 8 * 3);
    for (let pixel = 0; pixel < 64; pixel++) {
      const bright = index % 3 === (pixel < 32 ? 0 : 1);
      data.fill((bright ? 150 : 20) + Math.floor(80 * uniform()), 3 * pixel, 3 * pixel + 3);
    }
    return { width: 8, height: 8, data };
  });
  return {
    name: 'striped',
    split: 'train',
    classes: ['upper', 'lower', 'none'],
    samples: pictures.map((_, index) => ({ index, id: String(index), label: index % 3 })),
    checksum: String(count),
    channels: 1,
    height: 8,
    width: 8,
    load: () => Promise.reject(new Error('training augments the 8-bit picture')),
    preview: async (index) => pictures[index],
    close: async () => {},
  };
}

type ClassifierRun = TrainingRun & { readonly spec: TrainableSpec };

/** The same on a PlainMamba. */
export function smallPlainRun(out: string, more: Partial<ClassifierRun> = {}): ClassifierRun {
  const spec = smallPlainSpec({ depth: 2, imageHeight: 8, imageWidth: 8, patchSize: 2 });
  return { ...runOf(spec, plainPlans.decay, out), ...more };
}

/** The same on a VideoMamba, and on a Mamba-Reg with its neck. */
export function smallVideoRun(out: string, more: Partial<ClassifierRun> = {}): ClassifierRun {
  return { ...runOf(smallVideoSpec({ depth: 2 }), plans.decay, out), ...more };
}

export function smallRegisterRun(out: string, more: Partial<ClassifierRun> = {}): ClassifierRun {
  const spec = smallRegisterSpec({ depth: 2, registers: 4, reduction: 2 });
  const run = runOf(spec, registerPlans().decay, out);
  // A neck between the tokens and the classifier takes longer to find out what they say.
  return { ...run, recipe: { ...run.recipe, learningRate: 2e-2 }, ...more };
}

export function smallRun(out: string, more: Partial<ClassifierRun> = {}): ClassifierRun {
  return { ...runOf(smallSpec({ depth: 2 }), plans.decay, out), ...more };
}

function runOf(spec: TrainableSpec, plan: PruningPlan, out: string): ClassifierRun {
  return {
    spec,
    plan,
    recipe: {
      ...trainingRecipe,
      epochs: 3,
      batch: 12,
      microBatch: 4,
      learningRate: 5e-3,
      shift: 1,
      ema: 0.9,
    },
    initial: freshWeights(spec, 1),
    examples: imageExamples(stripedDataset(60), grey),
    threads: 2,
    out,
    saveEvery: 4,
    logEvery: 1,
    circumstances: {},
  };
}

// `node made-up-run.ts FOLDER`: the small run, which says on stdout when a step is done.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await train(
    smallRun(process.argv[2], { tell: (line) => process.stdout.write(`${JSON.stringify(line)}\n`) }),
  );
}
