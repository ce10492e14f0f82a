/**
 * The `whole` form on onnxruntime-node's own WebGPU provider: one session runs everything, pruning included, the
 * scan as LinearAttention. Node and the provider cannot share a device, so our kernels have no part in it.
 */
import {
  type Batch,
  type Chunk,
  type ChunkPrediction,
  type ChunkRunner,
  type LoadedModel,
  type ModelRequest,
  type Prediction,
  runInChunks,
} from '@vssm/backend';
import { checkPlan, type ModelSpec, type PruningPlan, randomScores, sequenceLength } from '@vssm/core';
import { wholeModel, wholeNames } from '@vssm/graph';
import type { InferenceSession, OnnxValue } from 'onnxruntime-node';
import { createSession, keepDevice, letDeviceGo, named, onnxRuntime } from './ort.ts';
import { smallestModel } from './smallest-model.ts';

/** Most images at once: LinearAttention's scratch grows with the batch, and nothing is gained beyond. */
const largestChunk = 16;

export async function loadWhole({ spec, weights, plan }: ModelRequest): Promise<LoadedModel> {
  checkPlan(spec, plan);
  const model = wholeModel(spec, weights, plan, { scan: 'linear-attention' });
  await keepDevice(smallestModel());
  return new WholeModel(spec, plan, model, await createSession(model));
}

class WholeModel implements LoadedModel {
  readonly #runner: ChunkRunner;
  #session: InferenceSession;

  constructor(spec: ModelSpec, plan: PruningPlan, model: Uint8Array, session: InferenceSession) {
    this.#session = session;
    this.#runner = {
      spec,
      plan,
      chunkSize: largestChunk,
      run: (chunk) => runChunk(this.#session, spec, plan, chunk),
      reacquire: async () => {
        await this.#session.release().catch(() => undefined);
        await letDeviceGo();
        this.#session = await createSession(model);
      },
    };
  }

  run(batch: Batch): Promise<Prediction> {
    return runInChunks(this.#runner, batch);
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

async function runChunk(
  session: InferenceSession,
  spec: ModelSpec,
  plan: PruningPlan,
  { pixels, samples }: Chunk,
): Promise<ChunkPrediction> {
  const { Tensor } = await onnxRuntime();
  const batch = samples.length;
  const image = [batch, spec.inChannels, spec.imageHeight, spec.imageWidth];
  const feeds: Record<string, OnnxValue> = { [wholeNames.input]: new Tensor('float32', pixels, image) };
  if (plan.signal === 'random' && plan.schedule.length > 0) {
    const shape = [batch, plan.schedule.length, sequenceLength(spec)];
    feeds[wholeNames.randomScores] = new Tensor('float32', drawScores(spec, plan, samples), shape);
  }
  const outputs = await session.run(feeds).catch((error: unknown) => {
    throw named(error);
  });
  return {
    logits: outputs[wholeNames.logits].data as Float32Array,
    kept: new Map(
      plan.schedule.map(({ after }) => [
        after,
        Int32Array.from(outputs[wholeNames.kept(after)].data as BigInt64Array, Number),
      ]),
    ),
  };
}

/** [B, steps, L0] */
function drawScores(
  spec: ModelSpec,
  { schedule, seed }: PruningPlan,
  samples: readonly number[],
): Float32Array {
  const length = sequenceLength(spec);
  const scores = new Float32Array(samples.length * schedule.length * length);
  for (const [image, sample] of samples.entries()) {
    for (const step of schedule.keys()) {
      scores.set(randomScores(seed, sample, step, length), (image * schedule.length + step) * length);
    }
  }
  return scores;
}
