/** What tells detection and segmentation apart: what is kept of an image, and how figures follow from it. */

import type { DenseDataset } from '@vssm/datasets';
import type { DenseRecord, ImageAnswerLine, Scoring } from '@vssm/results';
import type { DenseSpec } from '@vssm/vision-tasks';
import type { DenseAnswer } from './messages.ts';

export type ScoringOf<Kind extends Scoring['kind']> = Extract<Scoring, { kind: Kind }>;

export interface DenseKind<Dataset extends DenseDataset<unknown>, Kind extends Scoring['kind'], Score> {
  /** What scoring needs to know beside the answers; it is stored with them. */
  scoring(dataset: Dataset, spec: DenseSpec): ScoringOf<Kind>;
  /** What is kept of an image's answer, its truth included. */
  result(dataset: Dataset, index: number, answer: DenseAnswer): Promise<unknown>;
  /** Goes once through the answers; files of its own lie beside them, in a run folder, under the evaluation's key. */
  score(lines: Iterable<ImageAnswerLine>, scoring: ScoringOf<Kind>, folder: string, key: string): Score;
  figures(score: Score): DenseRecord['figures'];
}

/** Undefined figures are -1 with COCO and NaN with mmseg. */
export function percent(share: number): number | null {
  return Number.isNaN(share) || share < 0 ? null : 100 * share;
}
