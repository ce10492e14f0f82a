/** What is left of pruning's loss after fine-tuning: rows of an experiment against the dense model fine-tuned as long. */
import type { PaperTable } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import { endsOf, measureOf, type TrainedRecord, type TrainedRow } from '@vssm/results/trained';
import { welchInterval } from '@vssm/results/welch';
import type { Evidence } from './evidence.ts';

/** A pruned row beside its zero line. */
export interface BelowDense {
  readonly record: TrainedRecord;
  readonly row: TrainedRow;
  readonly zero: TrainedRow;
  /** Points of top-1 or mIoU, mean over seeds: negative where the row ends below. */
  readonly gain: number;
  /** 95 %, over seeds; null where one of the two has a single one. */
  readonly interval: readonly [number, number] | null;
  /** Part of the FLOPs saved, paper profile; of a segmenter, of its backbone's. */
  readonly reduction: number;
  /** The same difference in the paper's tables; null where they do not have both. */
  readonly published: number | null;
}

/** Where the report tells of a record, and what its FLOPs are of. */
export function placeOf(record: TrainedRecord): {
  /** Anchor of the section. */
  readonly section: 'headline' | 'across-tasks' | 'claim';
  readonly flops: string;
} {
  if (record.kind !== 'finetuning') return { section: 'across-tasks', flops: 'of the backbone’s FLOPs' };
  return { section: zeroLine(record) === null ? 'claim' : 'headline', flops: 'FLOPs' };
}

/** The trainings that a section draws: all with a zero line, and the last of the others. */
export function drawnTrainings({ finetuning, segmenterFinetuning }: Evidence): TrainedRecord[] {
  const records = finetuning.map(({ record }) => record);
  const last = records.findLast((record) => zeroLine(record) === null);
  return [
    ...records.filter((record) => record === last || zeroLine(record) !== null),
    ...segmenterFinetuning.map(({ record }) => record),
  ];
}

/** The dense model's own fine-tuning; null in an experiment without. */
export function zeroLine({ rows }: TrainedRecord): TrainedRow | null {
  return rows.find(({ keep }) => keep === 1) ?? null;
}

/** Every pruned row of an experiment that has a zero line, in its order. */
export function belowDense(record: TrainedRecord, tables: readonly PaperTable[]): BelowDense[] {
  const zero = zeroLine(record);
  if (zero === null) return [];
  return record.rows
    .filter((row) => row !== zero)
    .map((row) => {
      const [ends, zeros] = [row, zero].map((one) => endsOf(record, one));
      return {
        ...{ record, row, zero },
        gain: mean(ends) - mean(zeros),
        interval: welchInterval(ends, zeros),
        reduction: 1 - row.flops.paper / zero.flops.paper,
        published: publishedGain(record, row, zero, tables),
      };
    });
}

/** How far above another row the paper has the one: points; null where its tables do not have both. */
export function publishedGain(
  record: TrainedRecord,
  row: TrainedRow,
  other: TrainedRow,
  tables: readonly PaperTable[],
): number | null {
  const { column } = measureOf(record);
  const [own, against] = [row, other].map((one) => publishedFigure(one, column, tables));
  return own === null || against === null ? null : own - against;
}

/** The last experiment's row that is the miniature of a row of the paper, its zero line itself for the dense one. */
export function miniatureOf(
  table: number,
  id: string,
  { finetuning, segmenterFinetuning, tables }: Evidence,
): BelowDense | { readonly record: TrainedRecord; readonly zero: TrainedRow; readonly row: null } | null {
  const stands = ({ paper = [] }: TrainedRow) => paper.some((one) => one.table === table && one.row === id);
  for (const { record } of [...finetuning, ...segmenterFinetuning].toReversed()) {
    const zero = zeroLine(record);
    if (zero === null) continue;
    if (stands(zero)) return { record, zero, row: null };
    const found = belowDense(record, tables).find(({ row }) => stands(row));
    if (found !== undefined) return found;
  }
  return null;
}

function publishedFigure(
  { paper = [] }: TrainedRow,
  column: string,
  tables: readonly PaperTable[],
): number | null {
  for (const { table, row } of paper) {
    const published = tables.find((one) => one.table === table)?.rows.find(({ id }) => id === row);
    const value = published?.values[column];
    if (value !== undefined && 'value' in value && value.value !== null) return value.value;
  }
  return null;
}
