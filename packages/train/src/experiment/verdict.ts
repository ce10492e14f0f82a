/** What the rows of an experiment say of its claims: means over seeds, held against their spread. */
import type { FinetuningRecord } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import { welchInterval } from '@vssm/results/welch';
import type { Claim } from './experiment.ts';

export type Verdict = FinetuningRecord['verdicts'][number];

/** Percent after fine-tuning, by seed: top-1, or mIoU. */
export interface ArmResult {
  readonly arm: string;
  readonly keep: number;
  readonly ends: readonly number[];
}

/** Of every claim at every level that it is made of and both arms are there, in the results' order. */
export function verdicts(claims: readonly Claim[], results: readonly ArmResult[]): Verdict[] {
  const keeps = [...new Set(results.map(({ keep }) => keep))].filter((keep) => keep < 1);
  return claims.flatMap(({ arm, against, margin, keep: only }) =>
    keeps.flatMap((keep): Verdict[] => {
      if (only !== undefined && keep !== only) return [];
      const ours = results.find((result) => result.arm === arm && result.keep === keep);
      const theirs = results.find((result) => result.arm === against && [keep, 1].includes(result.keep));
      if (ours === undefined || theirs === undefined) return [];
      const gain = mean(ours.ends) - mean(theirs.ends);
      const interval = welchInterval(ours.ends, theirs.ends);
      const outcome = outcomeOf(interval, -(margin ?? 0));
      return [{ arm, against, keep, gain, interval, ...(margin !== undefined && { margin }), outcome }];
    }),
  );
}

/** Of the claim that the gain is more than `least`. */
function outcomeOf(interval: readonly [number, number] | null, least: number): Verdict['outcome'] {
  if (interval === null) return 'one seed';
  if (interval[0] > least) return 'supports';
  return interval[1] < least ? 'contradicts' : 'undecided';
}
