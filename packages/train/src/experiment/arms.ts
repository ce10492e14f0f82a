/** What experiments compare: the paper's ways of pruning and the variants that tell its parts from one another. */
import type { PruningPlan, PruningStep } from '@vssm/core';
import { densePlan, type ModelFamily, pruningPlan } from '@vssm/families';
import type { FinetuningRow, PrunedRow } from './experiment.ts';

/** A way of pruning, at any level. */
export interface Arm {
  readonly id: string;
  /** For people. */
  readonly label: string;
  readonly options: Partial<Omit<PruningPlan, 'schedule'>>;
}

export const arms = {
  evit: {
    id: 'evit',
    label: 'EViT rule, no alignment',
    options: { signal: 'evit', alignment: 'none' },
  },
  none: { id: 'none', label: 'ToP without alignment', options: { alignment: 'none' } },
  decay: { id: 'decay', label: 'ToP: clip, decay, positional taps', options: {} },
  /** The grid's taps without the state's decay; of a PlainMamba that is `none`. */
  positional: {
    id: 'positional',
    label: 'clip, no decay, positional taps',
    options: { alignment: 'none', conv: 'positional' },
  },
  mask: { id: 'mask', label: 'ToP, pruned tokens masked', options: { alignment: 'mask' } },
  sum: { id: 'sum', label: 'decay, sum without clipping', options: { reduce: 'sum' } },
  l1: { id: 'l1', label: 'decay, l1 norm', options: { reduce: 'l1' } },
  l2: { id: 'l2', label: 'decay, l2 norm', options: { reduce: 'l2' } },
} as const satisfies Readonly<Record<string, Arm>>;

/** In the order in which the paper's first table has them, alignment left out in between. */
export const publishedArms: readonly Arm[] = [arms.evit, arms.none, arms.decay];

/** @param keep the level: steps of one level leave equally many tokens under every arm */
export function rowOf(
  { id: arm, label, options }: Arm,
  family: ModelFamily,
  keep: number,
  schedule: readonly PruningStep[],
): PrunedRow {
  return { id: `${arm}@${keep}`, arm, keep, label, plan: pruningPlan({ ...options, schedule }, family) };
}

/** The dense model fine-tuned as long: the zero line of what pruning costs. */
export function denseRow(seeds: readonly number[]): FinetuningRow {
  return { id: 'dense@1', arm: 'dense', keep: 1, label: 'dense, fine-tuned as long', plan: densePlan, seeds };
}
