/** What every declared row says, whatever its kind, and what becomes of one that is not run. */
import type { SkippedRecord } from '@vssm/results';

/** What every row of an experiment says. */
export interface RowBase {
  readonly kind: string;
  /** Unique within the experiment. */
  readonly id: string;
  /** For people. */
  readonly label: string;
  /** Row of the paper's table that this one answers, if any. */
  readonly paper: { readonly table: number; readonly row: string } | null;
  /** Caveats that belong next to the number. */
  readonly notes: readonly string[];
}

/** A row that is not run, and why. */
export interface SkippedTask {
  readonly kind: 'skipped';
  readonly record: SkippedRecord;
}
