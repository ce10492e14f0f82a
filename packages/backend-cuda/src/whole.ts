/**
 * The `whole` form on onnxruntime-node's CUDA provider: one session runs everything, pruning included, the scan as
 * LinearAttention. Weights and all tensors in between stay on the GPU; pixels go in, logits and kept positions
 * come out. The binding offers no CUDA tensors (its GPU tensors are WebGPU's), and our model needs none: nothing
 * that one run leaves behind enters the next.
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
import { createSession, named, onnxRuntime } from './ort.ts';

/** Most images at once: LinearAttention's scratch grows with the batch. */
const largestChunk = 64;

export async function loadWhole(
  { spec, weights, plan }: ModelRequest,
  precision: Precision,
): Promise<LoadedModel> {
  checkPlan(spec, plan);
  const model = wholeModel(spec, weights, plan, { scan: 'linear-attention', precision });
  let session = await createSession(model);
  return chunkedModel(
    {
      spec,
      plan,
      chunkSize: largestChunk,
      run: (chunk) => runChunk(session, spec, plan, chunk),
      reacquire: async () => {
        await session.release().catch(() => undefined);
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
