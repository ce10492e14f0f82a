/** PlainMamba as ONNX. */
import type { FamilyGraphs } from '../../family.ts';
import type { PlainMambaSpec } from '../spec.ts';
import { plainMambaMatmulFloor } from './matmul-floor.ts';
import { plainMambaPartCost } from './part-costs.ts';
import { plainMambaSegments } from './segments.ts';
import { emitPlainMamba } from './whole.ts';

export const plainMambaGraphs: FamilyGraphs<PlainMambaSpec> = {
  emitWhole: emitPlainMamba,
  segments: plainMambaSegments,
  projectionSets: ['shared'],
  matmulFloor: plainMambaMatmulFloor,
  partCost: plainMambaPartCost,
};
