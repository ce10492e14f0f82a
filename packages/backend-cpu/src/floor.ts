/** The matrix-product floor as something to time: same shapes as a model, no answer worth reading. */
import { type PruningPlan, patchCount, type VimSpec } from '@vssm/core';
import { floorNames, matrixProductFloor } from '@vssm/graph';
import type { OnnxValue } from 'onnxruntime-node';
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
  // Made once for each number of images, so that a run is its matrix products alone.
  const inputs = new Map<number, OnnxValue>();
  const patchesOf = (images: number): OnnxValue => {
    let patches = inputs.get(images);
    if (patches === undefined) {
      const count = images * patchCount(spec) * patchValues;
      const data = Float32Array.from({ length: count }, (_, i) => Math.sin(i));
      patches = new Tensor('float32', data, [images, patchCount(spec), patchValues]);
      inputs.set(images, patches);
    }
    return patches;
  };
  return {
    async run(images) {
      await session.run({ [floorNames.patches]: patchesOf(images) });
    },
    dispose: () => session.release(),
  };
}
