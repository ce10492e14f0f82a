/** The heads by kind; one more is a file and a line here. */

import type { PruningPlan, Weights } from '@vssm/core';
import type { VisionSpec } from '@vssm/vision-tasks';
import type { HeadModel, HeadOptions, OpenHead } from './head.ts';
import { openMaskRcnn } from './maskrcnn.ts';
import { openRetinaNet } from './retinanet.ts';
import { openUperNet } from './upernet.ts';

const heads = {
  upernet: openUperNet,
  maskrcnn: openMaskRcnn,
  retinanet: openRetinaNet,
} as const satisfies { readonly [Kind in VisionSpec['kind']]: OpenHead<Extract<VisionSpec, { kind: Kind }>> };

export function openHead(
  spec: VisionSpec,
  weights: Weights,
  plan: PruningPlan,
  options: HeadOptions,
): Promise<HeadModel> {
  const open = heads[spec.kind] as OpenHead<VisionSpec>;
  return open(spec, weights, plan, options);
}
