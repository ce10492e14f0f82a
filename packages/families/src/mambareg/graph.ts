/** Mamba-Reg as ONNX. */
import type { FamilyGraphs } from '../family.ts';
import { bidirectionalGraphs } from '../vim/graph/index.ts';
import { mambaRegTraits } from './index.ts';
import type { MambaRegSpec } from './spec.ts';

export const mambaRegGraphs: FamilyGraphs<MambaRegSpec> = bidirectionalGraphs(mambaRegTraits);
