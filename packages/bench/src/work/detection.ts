/** Box and mask AP of a detector. */
import { type DenseRowOf, type DenseTaskOf, denseWork } from './dense.ts';
import type { WorkKind } from './kind.ts';

export type DetectionRow = DenseRowOf<'detection'>;

export const detection: WorkKind<DetectionRow, DenseTaskOf<'detection'>> = denseWork('detection');
