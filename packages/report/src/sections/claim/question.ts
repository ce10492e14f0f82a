/** Which of the paper's claims a comparison of two arms is about, by what their plans differ in. */
import { isDeepStrictEqual } from 'node:util';
import type { TrainedRecord, TrainedRow } from '@vssm/results/trained';
import { isUnaligned, method } from '../../plan-names.ts';

/**
 * `price`: how far below dense pruning ends. `alignment`: with it against without. `decay`: the state's, with the same
 * taps beside it. `evit`: ToP against the EViT rule. `other`: what the paper does not compare.
 */
export type Question = 'price' | 'alignment' | 'decay' | 'evit' | 'other';

export type Verdict = TrainedRecord['verdicts'][number];

export function questionOf(verdict: Verdict, record: TrainedRecord): Question {
  const { model } = record;
  if (verdict.margin !== undefined) return 'price';
  const [{ plan }, against] = rowsOf(verdict, record);
  if (isUnaligned(plan, model) || against.keep === 1) return 'other';
  if (method(plan, model) === 'top' && method(against.plan, model) === 'evit') return 'evit';
  const besidesAlignment = { alignment: null, conv: null };
  if (!isDeepStrictEqual({ ...plan, ...besidesAlignment }, { ...against.plan, ...besidesAlignment }))
    return 'other';
  if (isUnaligned(against.plan, model)) return 'alignment';
  return against.plan.alignment === 'none' && plan.conv === against.plan.conv ? 'decay' : 'other';
}

/** The two rows that a verdict compares; what prunes nothing stands against every level. */
export function rowsOf(
  { arm, against, keep }: Verdict,
  record: TrainedRecord,
): [arm: TrainedRow, against: TrainedRow] {
  const rows: readonly TrainedRow[] = record.rows;
  const find = (name: string) => rows.find((row) => row.arm === name && [keep, 1].includes(row.keep))!;
  return [find(arm), find(against)];
}

/** The verdicts on one question. */
export function verdictsOn(question: Question, record: TrainedRecord): Verdict[] {
  return record.verdicts.filter((verdict) => questionOf(verdict, record) === question);
}
