/**
 * The paper's claim in miniature: a Vim on Fashion-MNIST at the paper's token geometry (28x28, patch 2: 196 patches
 * and a class token), trained dense, then fine-tuned under one fixed budget for every way of pruning.
 */
import { vimSpec } from '@vssm/families';
import {
  type Arm,
  arms,
  finetuningRecipe,
  publishedArms,
  rowOf,
  type TrainingExperiment,
  trainingRecipe,
} from '@vssm/train';

const once = [1];
const thrice = [1, 2, 3];

/** The published arms, and the one that tells decay from the taps, get three seeds; the others one. */
const compared: readonly { arm: Arm; seeds: readonly number[] }[] = [
  ...[...publishedArms, arms.positional].map((arm) => ({ arm, seeds: thrice })),
  ...[arms.mask, arms.sum, arms.l1, arms.l2].map((arm) => ({ arm, seeds: once })),
];

/** Blocks of the 8 that are followed by a step: 197 tokens become 139, 97, 69 at 0.7, and 99, 49, 25 at 0.5. */
const after = [2, 4, 6];
const keeps = [0.7, 0.5];

const rows = compared.flatMap(({ arm, seeds }) =>
  keeps.map((keep) => {
    const steps = after.map((block) => ({ after: block, keep }));
    return { ...rowOf(arm, 'vim', keep, steps), seeds };
  }),
);

export const experiment: TrainingExperiment = {
  id: 'finetuning',
  title: 'the claim, in miniature',
  model: 'Vim-nano-197 (Fashion-MNIST)',
  dataset: 'Fashion-MNIST',
  spec: vimSpec({
    width: 64,
    depth: 8,
    stateSize: 8,
    imageHeight: 28,
    imageWidth: 28,
    inChannels: 1,
    patchSize: 2,
    stride: 2,
    classes: 10,
  }),
  // Eight epochs see each image too seldom for larger shifts to help.
  dense: { ...trainingRecipe, epochs: 8, shift: 1 },
  finetuning: finetuningRecipe,
  rows,
  claims: [
    { arm: 'decay', against: 'none' },
    { arm: 'decay', against: 'evit' },
    // What the state's decay adds once the convolution sees original neighbours.
    { arm: 'decay', against: 'positional' },
  ],
};
