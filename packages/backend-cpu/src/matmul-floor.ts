/** The matrix-product floor as something to time: same shapes as a model, no answer worth reading. */
import { type PruningPlan, sizeOf } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { matmulFloor, matmulFloorInputShape, matmulFloorNames } from '@vssm/families/graph';
import type { OnnxValue } from 'onnxruntime-node';
import { createSession, onnxRuntime } from './ort.ts';

export interface MatmulFloor {
  /** Runs the matrix products of `images` images once. */
  run(images: number): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Opens the matrix products of a model under a plan, with random weights.
 * @param threads inside each operator
 */
export async function loadMatmulFloor(
  spec: ModelSpec,
  plan: PruningPlan,
  threads: number,
): Promise<MatmulFloor> {
  const { Tensor } = await onnxRuntime();
  const session = await createSession(matmulFloor(spec, plan), threads);
  const shape = matmulFloorInputShape(spec);
  // Made once for each number of images, so that a run is its matrix products alone.
  const inputs = new Map<number, OnnxValue>();
  const inputOf = (images: number): OnnxValue => {
    let input = inputs.get(images);
    if (input === undefined) {
      const data = Float32Array.from({ length: images * sizeOf(shape) }, (_, i) => Math.sin(i));
      input = new Tensor('float32', data, [images, ...shape]);
      inputs.set(images, input);
    }
    return input;
  };
  return {
    async run(images) {
      await session.run({ [matmulFloorNames.input]: inputOf(images) });
    },
    dispose: () => session.release(),
  };
}
