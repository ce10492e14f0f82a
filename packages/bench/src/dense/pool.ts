/** Worker threads with a detector or segmenter each: images differ in size, so every thread takes one at a time. */
import { Worker } from 'node:worker_threads';
import '@vssm/backend/no-telemetry';
import { shareWeights } from '@vssm/backend-cpu';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { DenseSpec } from '@vssm/vision-tasks';
import type { AnsweredImage, DenseJob, DenseSetup, FromDenseWorker, ToDenseWorker } from './messages.ts';

export class DenseWorker {
  readonly #worker: Worker;
  #alive = true;

  constructor(worker: Worker) {
    this.#worker = worker;
    const gone = () => {
      this.#alive = false;
    };
    worker.on('error', gone);
    worker.on('exit', gone);
  }

  /**
   * @throws UserError for an image that the model does not take, and when the thread ends before it answers
   */
  async run({ image, sample }: DenseJob): Promise<AnsweredImage> {
    const message: ToDenseWorker = { kind: 'run', image, sample };
    const answer = nextMessage(this.#worker);
    this.#worker.postMessage(message, [image.pixels.buffer as ArrayBuffer]);
    const said = await answer;
    switch (said.kind) {
      case 'done':
        return said;
      case 'failed':
        throw said.user ? new UserError(said.reason) : new Error(said.reason);
      default:
        throw new Error(`worker thread said "${said.kind}" in answer to an image`);
    }
  }

  async stop(): Promise<void> {
    if (!this.#alive) return;
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ kind: 'stop' } satisfies ToDenseWorker);
    await gone;
  }
}

/** Starts one thread after the other, so that their peaks of memory while loading do not meet. */
export async function startDenseWorkers(
  count: number,
  spec: DenseSpec,
  weights: Weights,
  plan: PruningPlan,
): Promise<readonly DenseWorker[]> {
  const setup: DenseSetup = { spec, plan, weights: shareWeights(weights) };
  const workers: DenseWorker[] = [];
  try {
    for (let i = 0; i < count; i++) workers.push(await startWorker(setup));
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.stop()));
    throw error;
  }
  return workers;
}

async function startWorker(setup: DenseSetup): Promise<DenseWorker> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup });
  const said = await nextMessage(worker);
  if (said.kind === 'ready') return new DenseWorker(worker);
  await worker.terminate();
  throw new Error(`worker thread: ${said.kind === 'unusable' ? said.reason : said.kind}`);
}

function nextMessage(worker: Worker): Promise<FromDenseWorker> {
  return new Promise((resolve, reject) => {
    const done = () => {
      worker.off('message', heard);
      worker.off('error', failed);
      worker.off('exit', ended);
    };
    const heard = (message: FromDenseWorker) => {
      done();
      resolve(message);
    };
    const failed = (error: unknown) => {
      done();
      reject(new UserError(`a worker thread ended (${String(error)}); if memory ran out, lower --threads`));
    };
    const ended = (code: number) => {
      done();
      reject(new UserError(`a worker thread ended with code ${code}; if memory ran out, lower --threads`));
    };
    worker.on('message', heard);
    worker.on('error', failed);
    worker.on('exit', ended);
  });
}
