/** The matrix-product floor on the CPU. */
import type { PruningPlan } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { type MatmulFloor, openMatmulFloor } from '@vssm/families/graph';
import { createSession, onnxRuntime } from './ort.ts';

/** @param threads inside each operator */
export async function loadMatmulFloor(
  spec: ModelSpec,
  plan: PruningPlan,
  threads: number,
): Promise<MatmulFloor> {
  const { Tensor } = await onnxRuntime();
  return openMatmulFloor(spec, plan, Tensor, (model) => createSession(model, threads));
}
