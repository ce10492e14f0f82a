/** Accuracy of weights on a data set, through the inference engine: what `vssm eval` would say of the same model. */
import { cpuBackend } from '@vssm/backend-cpu';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { ImageDataset } from '@vssm/datasets';
import type { VimSpec } from '@vssm/families';
import type { Evaluation } from './log.ts';

export interface EvaluationRequest {
  readonly spec: VimSpec;
  readonly plan: PruningPlan;
  readonly dataset: ImageDataset;
  readonly threads: number;
  /** Only the first so many images; 0: all. */
  readonly limit?: number;
}

const batchSize = 256;

export async function evaluate(request: EvaluationRequest, weights: Weights): Promise<Evaluation> {
  const { spec, plan, dataset, threads, limit = 0 } = request;
  const count = limit === 0 ? dataset.samples.length : Math.min(limit, dataset.samples.length);
  const model = await cpuBackend().load({ spec, plan, weights, threads });
  const perImage = spec.inChannels * spec.imageHeight * spec.imageWidth;
  let correct = 0;
  try {
    for (let first = 0; first < count; first += batchSize) {
      const size = Math.min(batchSize, count - first);
      const samples = Array.from({ length: size }, (_, i) => first + i);
      const pixels = new Float32Array(size * perImage);
      for (const [i, sample] of samples.entries()) pixels.set(await dataset.load(sample), i * perImage);
      const { logits, failed } = await model.run({ pixels, size, samples });
      if (failed !== undefined) throw new UserError(`evaluation: ${[...failed.values()].join('; ')}`);
      for (const [i, sample] of samples.entries()) {
        const own = logits.subarray(i * spec.classes, (i + 1) * spec.classes);
        if (own.indexOf(Math.max(...own)) === dataset.samples[sample].label) correct++;
      }
    }
  } finally {
    await model.dispose();
  }
  return { correct, count, top1: (100 * correct) / count };
}
