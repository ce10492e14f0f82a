/** What is left of pruning's loss after fine-tuning: rows of an experiment against the dense model fine-tuned as long. */
import type { FinetuningRecord, PaperTable } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import { welchInterval } from '@vssm/results/welch';
import type { Evidence } from './evidence.ts';

export type FinetuningRow = FinetuningRecord['rows'][number];

/** A pruned row beside its zero line. */
export interface BelowDense {
  readonly record: FinetuningRecord;
  readonly row: FinetuningRow;
  readonly zero: FinetuningRow;
  /** Points of top-1, mean over seeds: negative where the row ends below. */
  readonly gain: number;
  /** 95 %, over seeds; null where one of the two has a single one. */
  readonly interval: readonly [number, number] | null;
  /** Part of the FLOPs saved, paper profile. */
  readonly reduction: number;
  /** The same difference in the paper's tables; null where they do not have both. */
  readonly published: number | null;
}

/** The dense model's own fine-tuning; null in an experiment without. */
export function zeroLine({ rows }: FinetuningRecord): FinetuningRow | null {
  return rows.find(({ keep }) => keep === 1) ?? null;
}

/** Percent top-1 after fine-tuning, by seed. */
export function endsOf({ dataset }: FinetuningRecord, { after }: FinetuningRow): number[] {
  return after.map(({ correct }) => (100 * correct) / dataset.test.total);
}

/** Every pruned row of an experiment that has a zero line, in its order. */
export function belowDense(record: FinetuningRecord, tables: readonly PaperTable[]): BelowDense[] {
  const zero = zeroLine(record);
  if (zero === null) return [];
  return record.rows
    .filter((row) => row !== zero)
    .map((row) => {
      const [ends, zeros] = [row, zero].map((one) => endsOf(record, one));
      const [own, dense] = [row, zero].map((one) => publishedTop1(one, tables));
      return {
        ...{ record, row, zero },
        gain: mean(ends) - mean(zeros),
        interval: welchInterval(ends, zeros),
        reduction: 1 - row.flops.paper / zero.flops.paper,
        published: own === null || dense === null ? null : own - dense,
      };
    });
}

/** The last experiment's row that is the miniature of a row of the paper, its zero line itself for the dense one. */
export function miniatureOf(
  table: number,
  id: string,
  { finetuning, tables }: Evidence,
):
  | BelowDense
  | { readonly record: FinetuningRecord; readonly zero: FinetuningRow; readonly row: null }
  | null {
  const stands = ({ paper = [] }: FinetuningRow) =>
    paper.some((one) => one.table === table && one.row === id);
  for (const { record } of finetuning.toReversed()) {
    const zero = zeroLine(record);
    if (zero === null) continue;
    if (stands(zero)) return { record, zero, row: null };
    const found = belowDense(record, tables).find(({ row }) => stands(row));
    if (found !== undefined) return found;
  }
  return null;
}

function publishedTop1({ paper = [] }: FinetuningRow, tables: readonly PaperTable[]): number | null {
  for (const { table, row } of paper) {
    const published = tables.find((one) => one.table === table)?.rows.find(({ id }) => id === row);
    const value = published?.values.top1;
    if (value !== undefined && 'value' in value && value.value !== null) return value.value;
  }
  return null;
}
