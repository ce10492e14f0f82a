/** Operations and times of a detector or segmenter, whole and by part. */

import type { PruningPlan } from '@vssm/core';
import { type DenseRecord, denseRecordParts } from '@vssm/results';
import { type DenseSpec, denseFlops } from '@vssm/vision-tasks';
import type { Cost } from '../cost.ts';
import type { DensePart } from './part-times.ts';

/** GFLOPs of the whole model at its own input size. */
export function denseCost(spec: DenseSpec, plan: PruningPlan): Cost {
  const [paper, strict] = (['paper', 'strict'] as const).map((profile) => denseFlops(spec, plan, profile));
  return {
    flops: { paper: paper.total / 1e9, strict: strict.total / 1e9 },
    tokens: [...strict.tokens],
  };
}

/** In the order of the work. */
export function densePartsOf(
  spec: DenseSpec,
  plan: PruningPlan,
  partMs: ReadonlyMap<DensePart, number>,
): NonNullable<DenseRecord['parts']> {
  const [paper, strict] = (['paper', 'strict'] as const).map(
    (profile): ReadonlyMap<string, number> => denseFlops(spec, plan, profile).parts,
  );
  return denseRecordParts
    .filter((part) => (strict.get(part) ?? 0) > 0 || partMs.has(part))
    .map((part) => ({
      part,
      gflops: strict.has(part) ? { paper: paper.get(part)! / 1e9, strict: strict.get(part)! / 1e9 } : null,
      ms: partMs.get(part) ?? null,
    }));
}
