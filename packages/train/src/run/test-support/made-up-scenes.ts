/** For the tests: scenes that a tiny segmenter learns in a few steps, and a run on them. */
import { uniformNumbers } from '@vssm/core';
import type { LabelMap, Normalisation, VisionDataset } from '@vssm/datasets';
import { sceneExamples } from '../../data/examples.ts';
import { trainingRecipe } from '../../recipe/recipe.ts';
import { segmenterOn } from '../../segmentation/start.ts';
import { freshWeights } from '../../table.ts';
import { plainPlans, smallPlainSpec } from '../../test-support/made-up.ts';
import type { TrainingRun } from '../train.ts';

/** Pixels on a side. */
export const madeUpSide = 8;

export const colours: Normalisation = { channels: 3, white: 255, mean: [128, 128, 128], std: [64, 64, 64] };

/** Bright above and dark below an edge that is anywhere, under noise: labels 1 and 2, and the first column has none. */
export function horizons(count: number, side = madeUpSide): VisionDataset<LabelMap> {
  const scenes = Array.from({ length: count }, (_, index) => {
    const uniform = uniformNumbers(index);
    const edge = 2 + Math.floor(uniform() * (side - 3));
    const data = new Uint8Array(side * side * 3);
    const labels = new Uint8Array(side * side);
    for (let pixel = 0; pixel < side * side; pixel++) {
      const isAbove = Math.floor(pixel / side) < edge;
      labels[pixel] = pixel % side === 0 ? 0 : isAbove ? 1 : 2;
      data.fill((isAbove ? 150 : 20) + Math.floor(80 * uniform()), 3 * pixel, 3 * pixel + 3);
    }
    return { picture: { width: side, height: side, data }, map: { height: side, width: side, labels } };
  });
  const refuse = () => Promise.reject(new Error('training augments the 8-bit picture'));
  return {
    name: 'horizons',
    split: 'training',
    classes: ['above', 'below'],
    samples: scenes.map((_, index) => ({ index, id: String(index) })),
    checksum: String(count),
    load: refuse,
    original: refuse,
    preview: async (index) => scenes[index].picture,
    truth: async (index) => scenes[index].map,
    close: async () => {},
  };
}

/** A run of an UperNet on a small PlainMamba, pruned under decay. */
export function smallSegmenterRun(out: string, more: Partial<TrainingRun> = {}): TrainingRun {
  const classifier = smallPlainSpec({ depth: 4, imageHeight: 6, imageWidth: 6, patchSize: 2 });
  const weights = freshWeights(classifier, 1);
  const shape = { classes: 2, channels: 4, height: madeUpSide, width: madeUpSide };
  const start = segmenterOn({ spec: classifier, weights }, shape, 2);
  return {
    spec: start.spec,
    plan: plainPlans.decay,
    recipe: {
      ...trainingRecipe,
      ...{ epochs: 3, batch: 12, microBatch: 4, learningRate: 5e-3, shift: 1, ema: 0.9, labelSmoothing: 0 },
    },
    initial: start.weights,
    examples: sceneExamples(horizons(60), colours),
    ...{ threads: 2, out, saveEvery: 4, logEvery: 1, circumstances: {} },
    ...more,
  };
}
