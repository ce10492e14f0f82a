/** What this project has for a row of a paper table: costs, and accuracies on the table's own data set. */
import type { AccuracyRecord, PaperTable, SkippedRecord, SpeedRecord, VisionRecord } from '@vssm/results';
import { type Entry, type Evidence, sameName } from './evidence.ts';

export interface Answer {
  /** Comparable results; cut-down ones only where there is nothing else. Several ways of pruning may answer one row. */
  readonly accuracies: readonly Entry<AccuracyRecord>[];
  /** AP or mIoU of a detector or segmenter with trained weights on the table's own data set. */
  readonly vision: readonly Entry<VisionRecord>[];
  /** Why there is neither. */
  readonly skipped: SkippedRecord | null;
  /** GFLOPs, by profile. */
  readonly flops: { readonly paper: number; readonly strict: number } | null;
}

export function answer(
  id: string,
  paper: PaperTable,
  { accuracy, speed, vision, skipped }: Evidence,
): Answer {
  const linked = ({ record }: Entry<AccuracyRecord | SpeedRecord | VisionRecord | SkippedRecord>) =>
    record.paper?.table === paper.table && record.paper.row === id;
  const onPaperData = accuracy.filter((entry) => linked(entry) && isOnPaperData(entry.record, paper));
  const comparable = onPaperData.filter(({ record }) => isComparable(record, paper));
  const missing = skipped.filter(linked).map(({ record }) => record);
  const onPaperImages = vision.filter((entry) => linked(entry) && isOnPaperData(entry.record, paper));
  const costs = [...onPaperData, ...onPaperImages, ...speed.filter(linked)].map(({ record }) => record.flops);
  return {
    accuracies: comparable.length > 0 ? comparable : onPaperData,
    vision: onPaperImages,
    skipped: missing.find(({ dataset }) => dataset !== null) ?? missing[0] ?? null,
    flops: costs[0] ?? missing.find(({ flops }) => flops !== null)?.flops ?? null,
  };
}

/** True when a result may be held against the paper's: its data set, trained weights, not cut down. */
export function isComparable(record: AccuracyRecord, paper: PaperTable): boolean {
  return isOnPaperData(record, paper) && !record.sample.partial;
}

/** Its data set, all of it there if not evaluated, and trained weights. */
export function isOnPaperData({ dataset, model }: AccuracyRecord | VisionRecord, paper: PaperTable): boolean {
  // The name alone was once given to whatever was laid out alike, so old results are held to the number of images too.
  return (
    sameName(dataset.name, paper.dataset) &&
    dataset.total === paper.images &&
    model.weights.from === 'checkpoint'
  );
}
