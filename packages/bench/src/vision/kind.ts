/** What tells detection and segmentation apart: what is kept of an image, and how figures follow from it. */

import type { VisionDataset } from '@vssm/datasets';
import type { ImageAnswerLine, Scoring, VisionRecord } from '@vssm/results';
import type { VisionSpec } from '@vssm/vision-tasks';
import type { VisionAnswer } from './messages.ts';

export type ScoringOf<Kind extends Scoring['kind']> = Extract<Scoring, { kind: Kind }>;

export interface VisionKind<Dataset extends VisionDataset<unknown>, Kind extends Scoring['kind'], Score> {
  /** What scoring needs to know beside the answers; it is stored with them. */
  scoring(dataset: Dataset, spec: VisionSpec): ScoringOf<Kind>;
  /** What is kept of an image's answer, its truth included. */
  result(dataset: Dataset, index: number, answer: VisionAnswer): Promise<unknown>;
  /** Goes once through the answers; separate files lie beside them, in a run folder, under the evaluation's key. */
  score(lines: Iterable<ImageAnswerLine>, scoring: ScoringOf<Kind>, folder: string, key: string): Score;
  figures(score: Score): VisionRecord['figures'];
}

/** Undefined figures are -1 with COCO and NaN with mmseg. */
export function percent(share: number): number | null {
  return Number.isNaN(share) || share < 0 ? null : 100 * share;
}
