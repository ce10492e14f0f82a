/**
 * The paper's headline in miniature: at its own reductions of FLOPs, on a small model of both of its families with its
 * token geometry (28x28, patch 2: 196 patches), how far below the dense model does each way of pruning end? Dense models
 * are trained on 55,000 images of Fashion-MNIST; everything is then fine-tuned on the same ones with one budget, the dense
 * model too: it is the zero line. What a recipe needs is chosen on the 5,000 images left out, never on test images.
 */
import type { PruningStep } from '@vssm/core';
import { type PlainMambaSpec, plainMambaSpec, type VimSpec, vimSpec } from '@vssm/families';
import {
  type Arm,
  arms,
  denseRow,
  type FinetuningRow,
  finetuningRecipe,
  type PaperRow,
  publishedArms,
  type Recipe,
  rowOf,
  type TrainingExperiment,
  trainingRecipe,
} from '@vssm/train';

type Spec = VimSpec | PlainMambaSpec;

const shape = {
  ...{ width: 64, depth: 8, stateSize: 8 },
  ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 2, classes: 10 },
};

/** Of 60,000; what is left out is for choosing. */
const images = 55_000;

const dense: Recipe = { ...trainingRecipe, epochs: 12, images, shift: 1 };
const finetuning: Recipe = { ...finetuningRecipe, epochs: 2, images };

/** Learning rates of the fine-tunings, chosen by the held-out images (README.md): ToP's, and of rows that have their own. */
const rates: Readonly<
  Record<Spec['family'], { readonly top: number; readonly own: Readonly<Record<string, number>> }>
> = {
  plainmamba: { top: 1e-3, own: { evit: 2e-3 } },
  vim: { top: 2e-3, own: { evit: 1e-3, dense: 2e-4 } },
};

/** A reduction of FLOPs, paper profile with alignment, and the schedule that `vssm schedule` finds for it. */
interface Level {
  /** Ratio of every step, which names the level. */
  readonly keep: number;
  readonly after: readonly number[];
}

interface Family {
  readonly spec: Spec;
  readonly name: string;
  /** The paper's reduction, and half of it. */
  readonly main: Level & {
    /** Points below dense that the paper's ToP ends there. */
    readonly margin: number;
  };
  readonly half: Level;
  /** The model of the paper's tables that it stands for at the main reduction. */
  readonly paper: string;
}

const families: readonly Family[] = [
  {
    spec: plainMambaSpec({ ...shape, stemWidth: 32, stemConvs: 1 }),
    name: 'PlainMamba',
    // A step after every layer, as on L3 a step of 0.8 after every fourth reaches the paper's −41.6 %.
    main: { keep: 0.796, after: [1, 2, 3, 4, 5, 6, 7], margin: 0.6 },
    half: { keep: 0.916, after: [1, 2, 3, 4, 5, 6, 7] },
    paper: 'plainmamba-l3',
  },
  {
    spec: vimSpec({ ...shape, stride: 2 }),
    name: 'Vim',
    main: { keep: 0.76, after: [2, 4, 6], margin: 1.7 },
    half: { keep: 0.89, after: [2, 4, 6] },
    paper: 'vim-small',
  },
];

/** Tables of the paper that have an arm, and what its row is called there after the model. */
const inPaper: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  evit: { 1: 'evit' },
  none: { 5: 'without' },
  decay: { 1: 'top', 4: 'clip', 5: 'with' },
  l1: { 4: 'l1' },
  l2: { 4: 'l2' },
  sum: { 4: 'sum' },
};

/** The project's, docs/winning-rule.md: three seeds at the paper's reduction. */
const ours: Arm = {
  id: 'content-contribution',
  label: 'content + contribution, positional taps',
  options: { signal: 'content-contribution', alignment: 'none', conv: 'positional' },
};

/** One seed, at the paper's reduction. */
const others: readonly Arm[] = [arms.mask, arms.l1, arms.l2, arms.sum];

const thrice = [1, 2, 3];
const once = [1];

function experiment({ spec, name, main, half, paper }: Family): TrainingExperiment {
  const rate = rates[spec.family];
  const ownRate = (arm: string) => (arm in rate.own ? { learningRate: rate.own[arm] } : {});
  const row = (arm: Arm, level: Level, seeds: readonly number[]): FinetuningRow => {
    const steps = level.after.map((after): PruningStep => ({ after, keep: level.keep }));
    return { ...rowOf(arm, spec.family, level.keep, steps), seeds, ...ownRate(arm.id) };
  };
  const asPublished = (arm: Arm, seeds: readonly number[]): FinetuningRow => ({
    ...row(arm, main, seeds),
    paper: Object.entries(inPaper[arm.id] ?? {}).map(
      ([table, method]): PaperRow => ({ table: Number(table), row: `${paper}-${method}` }),
    ),
  });
  return {
    id: `headline-${spec.family}`,
    title: 'the headline, in miniature',
    model: `${name}-mini (Fashion-MNIST)`,
    dataset: 'Fashion-MNIST',
    spec,
    dense,
    finetuning: { ...finetuning, learningRate: rate.top },
    // In the order of the report's table; which of them trains first follows from the seeds.
    rows: [
      { ...denseRow(thrice), ...ownRate('dense'), paper: [{ table: 1, row: `${paper}-dense` }] },
      ...publishedArms.map((arm) => asPublished(arm, thrice)),
      row(ours, main, thrice),
      ...publishedArms.map((arm) => row(arm, half, once)),
      ...(spec.family === 'vim' ? [row(arms.positional, main, once)] : []),
      ...others.map((arm) => asPublished(arm, once)),
    ],
    claims: [
      { arm: 'decay', against: 'dense', margin: main.margin, keep: main.keep },
      { arm: 'decay', against: 'none' },
      { arm: 'decay', against: 'evit' },
      { arm: ours.id, against: 'decay' },
    ],
  };
}

/** In the order in which they run. */
export const experiments: readonly TrainingExperiment[] = families.map(experiment);
