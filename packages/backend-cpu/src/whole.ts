/** The `whole` form on the CPU: one ONNX session runs everything, pruning included. */
import { availableParallelism } from 'node:os';
import { type Batch, checkBatch, type LoadedModel, type ModelRequest, type Prediction } from '@vssm/backend';
import { randomScores, sequenceLength } from '@vssm/core';
import { type ScanForm, wholeNames, wholeVim } from '@vssm/graph';
import type { InferenceSession, OnnxValue } from 'onnxruntime-node';
import { createSession, onnxRuntime } from './ort.ts';

export async function loadWhole(request: ModelRequest, scan: ScanForm): Promise<LoadedModel> {
  const { spec, weights, plan, threads } = request;
  const model = wholeVim(spec, weights, plan, { scan });
  return new WholeModel(request, await createSession(model, threads ?? availableParallelism()));
}

class WholeModel implements LoadedModel {
  readonly #request: ModelRequest;
  readonly #session: InferenceSession;

  constructor(request: ModelRequest, session: InferenceSession) {
    this.#request = request;
    this.#session = session;
  }

  async run(batch: Batch): Promise<Prediction> {
    const { Tensor } = await onnxRuntime();
    const { spec, plan } = this.#request;
    checkBatch(spec, batch);
    const feeds: Record<string, OnnxValue> = {
      [wholeNames.input]: new Tensor('float32', batch.pixels, [
        batch.size,
        spec.inChannels,
        spec.imageHeight,
        spec.imageWidth,
      ]),
    };
    if (plan.signal === 'random' && plan.schedule.length > 0) {
      const shape = [batch.size, plan.schedule.length, sequenceLength(spec)];
      feeds[wholeNames.randomScores] = new Tensor('float32', this.#randomScores(batch), shape);
    }
    const outputs = await this.#session.run(feeds);
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
  #randomScores(batch: Batch): Float32Array {
    const { spec, plan } = this.#request;
    const length = sequenceLength(spec);
    const steps = plan.schedule.length;
    const scores = new Float32Array(batch.size * steps * length);
    for (let item = 0; item < batch.size; item++) {
      const sample = batch.samples?.[item] ?? item;
      for (let step = 0; step < steps; step++) {
        scores.set(randomScores(plan.seed, sample, step, length), (item * steps + step) * length);
      }
    }
    return scores;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
