/**
 * What the class token's place does to pruning: Vim's class token stands in the middle, VideoMamba's first, and their
 * blocks are the same. A miniature (28x28, patch 4: 49 patches and a class token) of each, trained alike from the same
 * seed, pruned training-free in many ways and fine-tuned in two.
 *
 * VideoMamba adds the directions where Vim averages them. The output projection takes the factor: a training from nothing
 * begins with half of Vim's, so that both begin as the same function of their tokens, and no score's order changes with a
 * factor. What is left is AdamW's step, which does not scale with a weight.
 */
import { densePlan, type VideoMambaSpec, type VimSpec, videoMambaSpec, vimSpec } from '@vssm/families';
import {
  type Arm,
  arms,
  type FinetuningRow,
  finetuningRecipe,
  type PrunedRow,
  rowOf,
  type TrainingExperiment,
  trainingRecipe,
} from '@vssm/train';

const shape = {
  ...{ width: 48, depth: 8, stateSize: 8 },
  ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, stride: 4, classes: 10 },
};

/** Blocks of the 8 that are followed by a step. */
const after = [2, 4, 6];

/**
 * Ratios of the three steps that leave both families 40, 32, 26 patches at 0.8, 34, 24, 16 at 0.7, and 24, 12, 6 at 0.5:
 * Vim's rule makes counts odd, VideoMamba's does not, and would keep up to two patches more by the same ratio.
 */
const ratios = {
  vim: { 0.8: [0.8, 0.8, 0.8], 0.7: [0.7, 0.7, 0.7], 0.5: [0.5, 0.5, 0.5] },
  videomamba: { 0.8: [0.8, 0.8, 0.8], 0.7: [0.69, 0.7, 0.66], 0.5: [0.48, 0.5, 0.5] },
} as const;

const keeps = [0.8, 0.7, 0.5] as const;

const none: Arm = { ...arms.none, label: 'clip, no alignment' };
const compared: readonly Arm[] = [
  arms.decay,
  none,
  {
    id: 'recentred',
    label: 'clip, no alignment, class token recentred',
    options: { alignment: 'none', tokenOrder: 'recentred' },
  },
  {
    id: 'proportional',
    label: 'clip, no alignment, class token in proportion',
    options: { alignment: 'none', tokenOrder: 'proportional' },
  },
  arms.evit,
  { id: 'l1', label: 'l1 norm, decay, positional taps', options: { reduce: 'l1' } },
  {
    id: 'class-contribution',
    label: 'class contribution, decay, positional taps',
    options: { signal: 'class-contribution' },
  },
];

type Spec = VimSpec | VideoMambaSpec;

function row(arm: Arm, { family }: Spec, keep: (typeof keeps)[number]): PrunedRow {
  const steps = after.map((block, step) => ({ after: block, keep: ratios[family][keep][step] }));
  return rowOf(arm, family, keep, steps);
}

function experiment(spec: Spec, name: string, seed: number): TrainingExperiment {
  const finetuned = (arm: Arm): FinetuningRow => ({ ...row(arm, spec, 0.7), seeds: [1, 2] });
  return {
    id: `${spec.family}-seed${seed}`,
    title: 'the class token’s place',
    model: `${name}-nano (Fashion-MNIST), seed ${seed}`,
    dataset: 'Fashion-MNIST',
    spec,
    // The budget of datasets/fashion-mnist/vim-nano-fmnist.pth.
    dense: { ...trainingRecipe, epochs: 4, seed },
    finetuning: finetuningRecipe,
    trainingFree: [
      { id: 'dense', arm: 'dense', keep: 1, label: 'dense', plan: densePlan },
      ...keeps.flatMap((keep) => compared.map((arm) => row(arm, spec, keep))),
    ],
    rows: [finetuned(arms.decay), finetuned(none)],
    claims: [{ arm: 'decay', against: 'none' }],
  };
}

/** Of the dense trainings. */
const seeds = [0];

/** In the order in which they run. */
export const experiments: readonly TrainingExperiment[] = seeds.flatMap((seed) => [
  experiment(vimSpec(shape), 'Vim', seed),
  experiment(videoMambaSpec(shape), 'VideoMamba', seed),
]);
