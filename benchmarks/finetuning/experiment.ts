/**
 * The paper's claim in miniature: a Vim on Fashion-MNIST at the paper's token geometry (28x28, patch 2: 196 patches
 * and a class token), trained dense, then fine-tuned under one fixed budget for every way of pruning.
 */
import type { PruningPlan } from '@vssm/core';
import { pruningPlan, vimSpec } from '@vssm/families';
import { type FinetuningRow, finetuningRecipe, type TrainingExperiment, trainingRecipe } from '@vssm/train';

interface Arm {
  readonly id: string;
  readonly label: string;
  readonly options: Partial<Omit<PruningPlan, 'schedule'>>;
  readonly seeds: readonly number[];
}

const once = [1];
const thrice = [1, 2, 3];

/** The published arms, and the one that tells decay from the taps, get three seeds; the others one. */
const arms: readonly Arm[] = [
  {
    id: 'evit',
    label: 'EViT rule, no alignment',
    options: { signal: 'evit', alignment: 'none' },
    seeds: thrice,
  },
  { id: 'none', label: 'ToP without alignment', options: { alignment: 'none' }, seeds: thrice },
  { id: 'decay', label: 'ToP: clip, decay, positional taps', options: {}, seeds: thrice },
  {
    id: 'positional',
    label: 'clip, no decay, positional taps',
    options: { alignment: 'none', conv: 'positional' },
    seeds: thrice,
  },
  { id: 'mask', label: 'ToP, pruned tokens masked', options: { alignment: 'mask' }, seeds: once },
  { id: 'sum', label: 'decay, sum without clipping', options: { reduce: 'sum' }, seeds: once },
  { id: 'l1', label: 'decay, l1 norm', options: { reduce: 'l1' }, seeds: once },
  { id: 'l2', label: 'decay, l2 norm', options: { reduce: 'l2' }, seeds: once },
];

/** Blocks of the 8 that are followed by a step: 197 tokens become 139, 97, 69 at 0.7, and 99, 49, 25 at 0.5. */
const after = [2, 4, 6];
const keeps = [0.7, 0.5];

const rows = arms.flatMap(({ id, label, options, seeds }) =>
  keeps.map(
    (keep): FinetuningRow => ({
      id: `${id}@${keep}`,
      arm: id,
      keep,
      label,
      plan: pruningPlan({ ...options, schedule: after.map((block) => ({ after: block, keep })) }),
      seeds,
    }),
  ),
);

export const experiment: TrainingExperiment = {
  id: 'finetuning',
  title: 'the claim, reproduced in miniature',
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
