/** One worker thread as the pool sees it: started, given one chunk at a time, replaced when it dies. */
import { Worker } from 'node:worker_threads';
import '@vssm/backend/no-telemetry';
import type { Chunk, ChunkPrediction } from './engine.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts';

/** The thread ended while it worked on a chunk, for instance because it ran out of memory. */
export class WorkerDied extends Error {
  override readonly name = 'WorkerDied';
}

export class PoolMember {
  readonly chunkSize: number;
  readonly #worker: Worker;
  #alive = true;

  /** Rejects when the worker cannot load the model. */
  static async start(setup: WorkerSetup): Promise<PoolMember> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup });
    const answer = await nextMessage(worker);
    if (answer.kind !== 'ready') {
      await worker.terminate();
      throw new Error(`worker thread: ${answer.kind === 'unusable' ? answer.reason : answer.kind}`);
    }
    return new PoolMember(worker, answer.chunkSize);
  }

  constructor(worker: Worker, chunkSize: number) {
    this.#worker = worker;
    this.chunkSize = chunkSize;
    worker.on('error', () => {
      this.#alive = false;
    });
    worker.on('exit', () => {
      this.#alive = false;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** @throws WorkerDied when the thread ends before it answers */
  async run(chunk: Chunk): Promise<ChunkPrediction> {
    const pixels = new Float32Array(chunk.pixels);
    const answer = nextMessage(this.#worker);
    this.#worker.postMessage({ kind: 'run', pixels, samples: chunk.samples } satisfies ToWorker, [
      pixels.buffer,
    ]);
    const message = await answer;
    switch (message.kind) {
      case 'done':
        return { logits: message.logits, kept: new Map(message.kept) };
      case 'failed':
        throw new Error(message.reason);
      default:
        throw new Error(`worker thread said "${message.kind}" in answer to a chunk`);
    }
  }

  async stop(): Promise<void> {
    if (!this.#alive) return;
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ kind: 'stop' } satisfies ToWorker);
    await gone;
  }

  /** Ends the thread at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }
}

function nextMessage(worker: Worker): Promise<FromWorker> {
  return new Promise((resolve, reject) => {
    const done = () => {
      worker.off('message', heard);
      worker.off('error', failed);
      worker.off('exit', ended);
    };
    const heard = (message: FromWorker) => {
      done();
      resolve(message);
    };
    const failed = (error: unknown) => {
      done();
      reject(new WorkerDied(`the worker thread ended: ${String(error)}`));
    };
    const ended = (code: number) => {
      done();
      reject(new WorkerDied(`the worker thread ended with code ${code}`));
    };
    worker.on('message', heard);
    worker.on('error', failed);
    worker.on('exit', ended);
  });
}
