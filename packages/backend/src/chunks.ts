/**
 * A batch as chunks on a device that may be lost: the one place that decides what happens then. The first loss of
 * a run gets a new device and the chunk its second try; after that, or where there is no other device, the images
 * without an answer are reported as failed, and those that were finished are kept.
 */
import type { PruningPlan } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { type Batch, type Contributions, checkBatch, type LoadedModel, type Prediction } from './backend.ts';
import { DeviceError } from './device-error.ts';
import { JoinedPrediction } from './joined-prediction.ts';

export interface Chunk {
  /** [B, C, H, W] */
  readonly pixels: Float32Array;
  /** Stable index of each image in its data set. */
  readonly samples: readonly number[];
}

export interface ChunkPrediction {
  /** [B, classes] */
  readonly logits: Float32Array;
  /** As in `Prediction`. */
  readonly kept: ReadonlyMap<number, Int32Array>;
  readonly contributions?: Contributions;
}

/** Whatever runs chunks on a device. */
export interface ChunkRunner {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  /** Most images of one chunk. */
  readonly chunkSize: number;
  /** Rejects with a DeviceError when the device, its memory or the page is the reason. */
  run(chunk: Chunk): Promise<ChunkPrediction>;
  /** Takes a new device and loads the model again. */
  reacquire(): Promise<void>;
}

/**
 * A model whose batches are run in chunks.
 *
 * @param dispose gives the runner's model back
 */
export function chunkedModel(runner: ChunkRunner, dispose: () => Promise<void>): LoadedModel {
  return { run: (batch) => runInChunks(runner, batch), dispose };
}

/** @throws DeviceError when not one image was finished */
export async function runInChunks(runner: ChunkRunner, batch: Batch): Promise<Prediction> {
  const { spec, plan, chunkSize } = runner;
  checkBatch(spec, batch);
  const perImage = batch.pixels.length / batch.size;
  const joined = new JoinedPrediction(batch.size, spec.classes, plan.schedule);
  let acquisitions = 1;

  const attempt = async (chunk: Chunk): Promise<ChunkPrediction> => {
    try {
      return await runner.run(chunk);
    } catch (error) {
      if (!(error instanceof DeviceError && error.kind === 'device-lost') || acquisitions === 2) throw error;
      acquisitions++;
      await runner.reacquire();
      return attempt(chunk);
    }
  };

  // Chunks as equal as possible: a small last one would cost a device almost as much as a full one.
  const chunks = Math.ceil(batch.size / chunkSize);
  const count = Math.ceil(batch.size / chunks);
  for (let first = 0; first < batch.size; first += count) {
    const images = Math.min(count, batch.size - first);
    const samples = Array.from({ length: images }, (_, i) => batch.samples?.[first + i] ?? first + i);
    const pixels = batch.pixels.subarray(first * perImage, (first + images) * perImage);
    try {
      joined.add(await attempt({ pixels, samples }), first, images);
    } catch (error) {
      if (first === 0 || !(error instanceof DeviceError)) throw error;
      for (let image = first; image < batch.size; image++) {
        joined.fail(image, `sample ${batch.samples?.[image] ?? image}: ${error.reason}`);
      }
      break;
    }
  }
  return joined.prediction;
}
