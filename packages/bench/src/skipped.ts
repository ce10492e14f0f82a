/** Records of rows that were not run, or could not be finished. */
import { type SkippedRecord, schemaVersion } from '@vssm/results';
import type { Cost } from './cost.ts';
import { keyOf } from './keys.ts';

export type RowIdentity = Pick<SkippedRecord, 'experiment' | 'row' | 'label' | 'paper'>;

/** @param dataset as results call it; null for rows that use none */
export function skippedRecord(
  { experiment, row, label, paper }: RowIdentity,
  dataset: string | null,
  cost: Cost | null,
  reason: string,
  howToRun: string,
): SkippedRecord {
  return {
    schema: schemaVersion,
    kind: 'skipped',
    key: keyOf([experiment, row, dataset ?? 'none'], 'skipped'),
    experiment,
    row,
    label,
    paper,
    dataset,
    flops: cost?.flops ?? null,
    tokens: cost?.tokens ?? null,
    reason,
    howToRun,
  };
}
