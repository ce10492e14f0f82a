/** Box and mask AP of a detector. */

import type { WorkKind } from './kind.ts';
import { type VisionRowOf, type VisionTaskOf, visionWork } from './vision.ts';

export type DetectionRow = VisionRowOf<'detection'>;

export const detection: WorkKind<DetectionRow, VisionTaskOf<'detection'>> = visionWork('detection');
