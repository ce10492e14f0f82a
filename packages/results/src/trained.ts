/** What the records of experiments that train say in percent, whatever they are judged by. */
import type { FinetuningRecord, SegmenterFinetuningRecord } from './finetuning.ts';

/** Of a classifier, or of a segmenter. */
export type TrainedRecord = FinetuningRecord | SegmenterFinetuningRecord;
export type TrainedRow = TrainedRecord['rows'][number];

/** What a record's figures are, for people and in the paper's tables. */
export function measureOf({ kind }: Pick<TrainedRecord, 'kind'>): {
  readonly name: 'top-1' | 'mIoU';
  readonly column: 'top1' | 'miou';
} {
  return kind === 'finetuning' ? { name: 'top-1', column: 'top1' } : { name: 'mIoU', column: 'miou' };
}

/** Percent after fine-tuning, by seed. */
export function endsOf(record: TrainedRecord, { after }: TrainedRow): number[] {
  return after.map((one) => percentOf(record, 'miou' in one ? one.miou : one.correct));
}

/** Percent that the dense weights reach under a row's plan. */
export function beforeOf(record: TrainedRecord, { before }: TrainedRow): number {
  return percentOf(record, before);
}

/** Percent of the dense model as it was trained. */
export function denseOf(record: TrainedRecord): number {
  return percentOf(record, 'miou' in record.dense ? record.dense.miou : record.dense.correct);
}

/** The same after every epoch of its training. */
export function denseTestsOf(
  record: FinetuningRecord,
): { readonly epoch: number; readonly percent: number }[] {
  return record.dense.tests.map(({ epoch, correct }) => ({ epoch, percent: percentOf(record, correct) }));
}

function percentOf({ kind, dataset }: TrainedRecord, figure: number): number {
  return kind === 'finetuning' ? (100 * figure) / dataset.test.total : figure;
}
