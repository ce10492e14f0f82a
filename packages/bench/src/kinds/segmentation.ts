/** mIoU, mAcc and aAcc of a segmenter. */

import type { WorkKind } from './kind.ts';
import { type VisionRowOf, type VisionTaskOf, visionWork } from './vision.ts';

export type SegmentationRow = VisionRowOf<'segmentation'>;

export const segmentation: WorkKind<SegmentationRow, VisionTaskOf<'segmentation'>> = visionWork(
  'segmentation',
);
