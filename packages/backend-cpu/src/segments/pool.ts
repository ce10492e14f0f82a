/**
 * Throughput: one worker thread per core, each with its own sessions, and images dealt out to whichever is free.
 * A worker that dies is replaced and its chunk is tried again image by image; an image that kills its worker
 * twice is reported as failed, and all others get their answer.
 */
import {
  type Batch,
  checkBatch,
  JoinedPrediction,
  type LoadedModel,
  type ModelRequest,
  type Prediction,
} from '@vssm/backend';
import { ruleFileOf } from '@vssm/core';
import { type KernelChoice, kernelChoice, kernelImplementation } from '@vssm/kernels';
import { WorkerLanes } from '../worker/lanes.ts';
import { WorkerDied } from '../worker/link.ts';
import {
  type ChunkAnswer,
  type ChunkAsk,
  type PoolGreeting,
  shareWeights,
  type WorkerSetup,
} from './messages.ts';

export async function loadPool(
  request: ModelRequest,
  threads: number,
  kernels: KernelChoice = kernelChoice(),
): Promise<WorkerPool> {
  // Native kernels are compiled here, once, and only found by the workers.
  if (kernels !== 'wasm') await kernelImplementation();
  const { spec, plan, contributions = false } = request;
  const weights = shareWeights(request.weights);
  const rule = ruleFileOf(plan);
  const setup: WorkerSetup = {
    ...{ spec, plan, weights, largestChunk: 32, kernels, contributions },
    ...(rule !== undefined && { rule: { file: rule.file, sha256: rule.sha256 } }),
  };
  return new WorkerPool(request, await WorkerLanes.start(threads, workerModule, setup));
}

const workerModule = new URL('./worker.ts', import.meta.url);

type Lanes = WorkerLanes<ChunkAsk, ChunkAnswer, PoolGreeting>;

/** Images first … first + count - 1 of a batch. */
interface Span {
  readonly first: number;
  readonly count: number;
  readonly attempts: number;
}

export class WorkerPool implements LoadedModel {
  readonly form = 'segments';
  readonly #request: ModelRequest;
  /** For tests that end a thread. */
  readonly lanes: Lanes;

  constructor(request: ModelRequest, lanes: Lanes) {
    this.#request = request;
    this.lanes = lanes;
  }

  async run(batch: Batch): Promise<Prediction> {
    const { spec, plan } = this.#request;
    checkBatch(spec, batch);
    const size = batch.pixels.length / batch.size;
    const samples = batch.samples ?? Array.from({ length: batch.size }, (_, item) => item);
    const joined = new JoinedPrediction(batch.size, spec.classes, plan.schedule);
    const queue = this.#spans(batch.size);

    const work = async (slot: number): Promise<void> => {
      for (let span = queue.shift(); span !== undefined; span = queue.shift()) {
        const { first, count } = span;
        const pixels = new Float32Array(batch.pixels.subarray(first * size, (first + count) * size));
        const chunk: ChunkAsk = { pixels, samples: samples.slice(first, first + count) };
        try {
          const { kept: steps, ...answer } = await this.lanes.askOnce(slot, chunk, [pixels.buffer]);
          joined.add({ ...answer, kept: new Map(steps) }, first, count);
        } catch (error) {
          if (!(error instanceof WorkerDied)) throw error;
          if (count > 1) queue.push(...singles(span));
          else if (span.attempts === 0) queue.push({ ...span, attempts: 1 });
          else joined.fail(first, `sample ${chunk.samples[0]}: ${error.message}`);
        }
      }
    };
    const ended = await Promise.allSettled(
      this.lanes.links.map((_, slot) =>
        work(slot).catch((error: unknown) => {
          // Nobody will read what is not begun.
          queue.length = 0;
          throw error;
        }),
      ),
    );
    const rejected = ended.find((one) => one.status === 'rejected');
    if (rejected !== undefined) throw rejected.reason;
    return joined.prediction;
  }

  async dispose(): Promise<void> {
    await this.lanes.stop();
  }

  /** Chunks as equal as possible, so that no worker waits for a long last one. */
  #spans(images: number): Span[] {
    const { links } = this.lanes;
    const workers = links.length;
    const largest = links[0].greeting.chunkSize;
    const rounds = Math.ceil(images / (workers * largest));
    const count = Math.ceil(images / (workers * rounds));
    const spans: Span[] = [];
    for (let first = 0; first < images; first += count) {
      spans.push({ first, count: Math.min(count, images - first), attempts: 0 });
    }
    return spans;
  }
}

function singles({ first, count }: Span): Span[] {
  return Array.from({ length: count }, (_, item) => ({ first: first + item, count: 1, attempts: 0 }));
}
