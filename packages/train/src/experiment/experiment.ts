/**
 * An experiment that trains: one dense model, then the same fine-tuning of it under several plans, as data. What is
 * compared is what remains after fine-tuning; what is lost before it is evaluated beside.
 */
import type { PruningPlan, VimSpec } from '@vssm/core';
import type { Recipe } from '../recipe/recipe.ts';

export interface TrainingExperiment {
  readonly id: string;
  readonly title: string;
  readonly spec: VimSpec;
  /** Of the dense model. */
  readonly dense: Recipe;
  /** The same for every row, but for the seed. */
  readonly finetuning: Recipe;
  readonly rows: readonly FinetuningRow[];
  /** The two arms whose difference, at every level, is the claim. */
  readonly claim: { readonly arm: string; readonly against: string };
}

export interface FinetuningRow {
  /** `<arm>@<keep>` */
  readonly id: string;
  readonly arm: string;
  readonly keep: number;
  /** For people. */
  readonly label: string;
  readonly plan: PruningPlan;
  /** One fine-tuning for each. */
  readonly seeds: readonly number[];
}

/** What came of one row. */
export interface RowResult {
  readonly id: string;
  readonly label: string;
  /** Percent top-1 of the dense weights under the row's plan. */
  readonly before: number;
  /** Percent top-1 after fine-tuning, by seed, and the finished weights' checksums. */
  readonly after: readonly { readonly seed: number; readonly top1: number; readonly sha256: string }[];
}

export interface ExperimentResult {
  readonly id: string;
  readonly dense: { readonly top1: number; readonly sha256: string };
  readonly rows: readonly RowResult[];
  /** In the rows' order; only levels of which both arms are there. */
  readonly claim: readonly ClaimVerdict[];
}

export interface ClaimVerdict {
  readonly keep: number;
  /** Points of top-1 after fine-tuning, mean over seeds: arm minus the one it is held against. */
  readonly gain: number;
  /** Standard error of that difference; null where an arm has one seed. */
  readonly standardError: number | null;
  readonly sentence: string;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample; null of fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Whether the arm beats the other by more than twice the standard error, at each level. */
export function claimVerdicts(experiment: TrainingExperiment, rows: readonly RowResult[]): ClaimVerdict[] {
  const { arm, against } = experiment.claim;
  const resultOf = (name: string, keep: number) => {
    const row = experiment.rows.find((one) => one.arm === name && one.keep === keep);
    return rows.find(({ id }) => id === row?.id)?.after.map(({ top1 }) => top1);
  };
  const keeps = [...new Set(experiment.rows.map(({ keep }) => keep))];
  return keeps.flatMap((keep): ClaimVerdict[] => {
    const [ours, theirs] = [resultOf(arm, keep), resultOf(against, keep)];
    if (ours === undefined || theirs === undefined || ours.length === 0 || theirs.length === 0) return [];
    const gain = mean(ours) - mean(theirs);
    const spreads = [ours, theirs].map((values) => {
      const spread = standardDeviation(values);
      return spread === null ? null : spread ** 2 / values.length;
    });
    const standardError =
      spreads[0] === null || spreads[1] === null ? null : Math.sqrt(spreads[0] + spreads[1]);
    return [{ keep, gain, standardError, sentence: sentenceOf(arm, against, keep, gain, standardError) }];
  });
}

function sentenceOf(arm: string, against: string, keep: number, gain: number, error: number | null): string {
  const points = `${Math.abs(gain).toFixed(2)} points ${gain < 0 ? 'below' : 'above'} ${against}`;
  const what = `After fine-tuning, at keep ${keep}, ${arm} is ${points}`;
  if (error === null) return `${what}, with one seed: no statement about chance is possible.`;
  const spread = `standard error ${error.toFixed(2)}`;
  if (gain > 2 * error) return `${what} (${spread}): our data support the claim.`;
  if (gain < -2 * error) return `${what} (${spread}): our data contradict the claim.`;
  return `${what} (${spread}): our data do not decide the claim.`;
}
