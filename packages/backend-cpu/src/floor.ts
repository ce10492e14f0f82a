/** The matrix-product floor as something to time: same shapes as a model, no answer worth reading. */
import { type PruningPlan, sizeOf } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { floorInputShape, floorNames, matrixProductFloor } from '@vssm/families/graph';
import type { OnnxValue } from 'onnxruntime-node';
import { createSession, onnxRuntime } from './ort.ts';

export interface Floor {
  /** Runs the matrix products of `images` images once. */
  run(images: number): Promise<void>;
  dispose(): Promise<void>;
}

export async function loadFloor(spec: ModelSpec, plan: PruningPlan, threads: number): Promise<Floor> {
  const { Tensor } = await onnxRuntime();
  const session = await createSession(matrixProductFloor(spec, plan), threads);
  const shape = floorInputShape(spec);
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
      await session.run({ [floorNames.input]: inputOf(images) });
    },
    dispose: () => session.release(),
  };
}
