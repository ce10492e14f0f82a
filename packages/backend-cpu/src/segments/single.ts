/** Latency: one engine on the calling thread, and every image split over all cores, products and kernels alike. */
import {
  type Batch,
  checkBatch,
  JoinedPrediction,
  type LoadedModel,
  type ModelRequest,
  type Prediction,
} from '@vssm/backend';
import type { KernelChoice } from '@vssm/kernels';
import { SegmentEngine } from './engine.ts';

export async function loadSingle(
  request: ModelRequest,
  threads: number,
  kernels: KernelChoice,
): Promise<LoadedModel> {
  const { spec, weights, plan, contributions = false } = request;
  const engine = await SegmentEngine.create(spec, weights, plan, threads, {
    largest: 8,
    splitImages: true,
    kernels,
    contributions,
  });
  return new SingleEngine(engine);
}

class SingleEngine implements LoadedModel {
  readonly form = 'segments';
  readonly #engine: SegmentEngine;

  constructor(engine: SegmentEngine) {
    this.#engine = engine;
  }

  async run(batch: Batch): Promise<Prediction> {
    const { spec, plan, chunkSize } = this.#engine;
    checkBatch(spec, batch);
    const size = batch.pixels.length / batch.size;
    const joined = new JoinedPrediction(batch.size, spec.classes, plan.schedule);
    for (let first = 0; first < batch.size; first += chunkSize) {
      const count = Math.min(chunkSize, batch.size - first);
      const samples = Array.from(
        { length: count },
        (_, item) => batch.samples?.[first + item] ?? first + item,
      );
      const pixels = batch.pixels.subarray(first * size, (first + count) * size);
      joined.add(await this.#engine.run({ pixels, samples }), first, count);
    }
    return joined.prediction;
  }

  async dispose(): Promise<void> {
    await this.#engine.dispose();
  }
}
