/** mIoU, mAcc and aAcc of a segmenter. */
import { type DenseRowOf, type DenseTaskOf, denseWork } from './dense.ts';
import type { WorkKind } from './kind.ts';

export type SegmentationRow = DenseRowOf<'segmentation'>;

export const segmentation: WorkKind<SegmentationRow, DenseTaskOf<'segmentation'>> = denseWork('segmentation');
