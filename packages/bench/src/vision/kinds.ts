/** Detection and segmentation by name, for whoever has stored answers of either. */
import type { VisionDataset } from '@vssm/datasets';
import type { Scoring } from '@vssm/results';
import { detection } from './detection.ts';
import type { VisionKind } from './kind.ts';
import { segmentation } from './segmentation.ts';

const kinds = { detection, segmentation } as const satisfies Readonly<Record<Scoring['kind'], unknown>>;

export type VisionTaskKind = keyof typeof kinds;

/** What is known of a score without knowing its kind. */
export type AnyVisionKind = VisionKind<VisionDataset<unknown>, Scoring['kind'], unknown>;

export function visionKind(kind: VisionTaskKind): AnyVisionKind {
  return kinds[kind] as unknown as AnyVisionKind;
}
