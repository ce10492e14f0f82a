/** Operations and times of a detector or segmenter, whole and by part. */

import type { PruningPlan } from '@vssm/core';
import { type VisionRecord, visionRecordParts } from '@vssm/results';
import { type VisionSpec, visionFlops } from '@vssm/vision-tasks';
import type { Cost } from '../cost.ts';
import type { VisionPart } from './part-times.ts';

/** GFLOPs of the whole model at its own input size. */
export function visionCost(spec: VisionSpec, plan: PruningPlan): Cost {
  const [paper, strict] = (['paper', 'strict'] as const).map((profile) => visionFlops(spec, plan, profile));
  return {
    flops: { paper: paper.total / 1e9, strict: strict.total / 1e9 },
    tokens: [...strict.tokens],
  };
}

/** In the order of the work. */
export function visionPartsOf(
  spec: VisionSpec,
  plan: PruningPlan,
  partMs: ReadonlyMap<VisionPart, number>,
): NonNullable<VisionRecord['parts']> {
  const [paper, strict] = (['paper', 'strict'] as const).map(
    (profile): ReadonlyMap<string, number> => visionFlops(spec, plan, profile).parts,
  );
  return visionRecordParts
    .filter((part) => (strict.get(part) ?? 0) > 0 || partMs.has(part))
    .map((part) => ({
      part,
      gflops: strict.has(part) ? { paper: paper.get(part)! / 1e9, strict: strict.get(part)! / 1e9 } : null,
      ms: partMs.get(part) ?? null,
    }));
}
