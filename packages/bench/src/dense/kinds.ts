/** Detection and segmentation by name, for whoever has stored answers of either. */
import type { DenseDataset } from '@vssm/datasets';
import type { Scoring } from '@vssm/results';
import { detection } from './detection.ts';
import type { DenseKind } from './kind.ts';
import { segmentation } from './segmentation.ts';

const kinds = { detection, segmentation } as const satisfies Readonly<Record<Scoring['kind'], unknown>>;

export type DenseTaskKind = keyof typeof kinds;

/** What is known of a score without knowing its kind. */
export type AnyDenseKind = DenseKind<DenseDataset<unknown>, Scoring['kind'], unknown>;

export function denseKind(kind: DenseTaskKind): AnyDenseKind {
  return kinds[kind] as unknown as AnyDenseKind;
}
