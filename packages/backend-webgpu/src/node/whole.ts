/**
 * The `whole` form on onnxruntime-node's own WebGPU provider: one session runs everything, pruning included, the
 * scan as LinearAttention. Node and the provider cannot share a device, so our kernels have no part in it.
 */
import {
  type Chunk,
  type ChunkPrediction,
  chunkedModel,
  type LoadedModel,
  type ModelRequest,
} from '@vssm/backend';
import type { PruningPlan } from '@vssm/core';
import { checkPlan, type ModelSpec } from '@vssm/families';
import { runWhole, wholeModel } from '@vssm/families/graph';
import type { Precision } from '@vssm/graph';
import type { InferenceSession } from 'onnxruntime-node';
import { createSession, keepDevice, letDeviceGo, named, onnxRuntime } from './ort.ts';

/** Most images at once: LinearAttention's scratch grows with the batch, and nothing is gained beyond. */
const largestChunk = 16;

export async function loadWhole(
  { spec, weights, plan }: ModelRequest,
  precision: Precision,
): Promise<LoadedModel> {
  checkPlan(spec, plan);
  const model = wholeModel(spec, weights, plan, { scan: 'linear-attention', precision });
  await keepDevice();
  let session = await createSession(model);
  return chunkedModel(
    {
      spec,
      plan,
      chunkSize: largestChunk,
      run: (chunk) => runChunk(session, spec, plan, chunk),
      reacquire: async () => {
        await session.release().catch(() => undefined);
        await letDeviceGo();
        await keepDevice();
        session = await createSession(model);
      },
    },
    () => session.release(),
  );
}

async function runChunk(
  session: InferenceSession,
  spec: ModelSpec,
  plan: PruningPlan,
  { pixels, samples }: Chunk,
): Promise<ChunkPrediction> {
  const { Tensor } = await onnxRuntime();
  return runWhole({ spec, plan, pixels, samples }, Tensor, (feeds) =>
    session.run(feeds).catch((error: unknown) => {
      throw named(error);
    }),
  );
}
