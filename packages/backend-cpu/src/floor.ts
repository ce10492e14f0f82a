/** The matrix-product floor as something to time: same shapes as a model, no answer worth reading. */
import { type PruningPlan, patchCount, type VimSpec } from '@vssm/core';
import { floorNames, matrixProductFloor } from '@vssm/graph';
import { createSession, onnxRuntime } from './ort.ts';

export interface Floor {
  /** Runs the matrix products of `images` images once. */
  run(images: number): Promise<void>;
  dispose(): Promise<void>;
}

export async function loadFloor(spec: VimSpec, plan: PruningPlan, threads: number): Promise<Floor> {
  const { Tensor } = await onnxRuntime();
  const session = await createSession(matrixProductFloor(spec, plan), threads);
  const patchValues = spec.inChannels * spec.patchSize ** 2;
  return {
    async run(images) {
      const data = Float32Array.from({ length: images * patchCount(spec) * patchValues }, (_, i) =>
        Math.sin(i),
      );
      const patches = new Tensor('float32', data, [images, patchCount(spec), patchValues]);
      await session.run({ [floorNames.patches]: patches });
    },
    dispose: () => session.release(),
  };
}
