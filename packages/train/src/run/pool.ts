/**
 * Data-parallel gradients: the micro-batches of a step are dealt to worker threads, each leaves its gradient in a
 * vector of its own, and they are summed in the order of the micro-batches. The result does not depend on the number
 * of threads, nor on which was faster.
 */
import { Worker } from 'node:worker_threads';
import '@vssm/backend/no-telemetry';
import { UserError } from '@vssm/core';
import { kernelImplementation } from '@vssm/kernels';
import type { EngineOptions, MicroBatch } from '../engine/engine.ts';
import { type ParameterLayout, parameterLayout } from '../engine/layout.ts';
import { sumInto } from '../recipe/optimiser.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts';

export interface StepResult {
  /** Mean over the batch. */
  readonly loss: number;
  /** [batch, classes], in the order of the images */
  readonly logits: Float32Array;
  /** Of the mean loss; overwritten by the next step. */
  readonly gradient: Float32Array;
}

export class GradientPool {
  readonly layout: ParameterLayout;
  /** What the workers read; change them between steps only. */
  readonly parameters: Float32Array<SharedArrayBuffer>;
  readonly #gradients: readonly Float32Array[];
  readonly #workers: readonly Worker[];
  readonly #ended = new Set<Worker>();
  #version = 0;

  /** @param microBatches of one step */
  static async start(
    engine: EngineOptions,
    parameters: Float32Array<SharedArrayBuffer>,
    microBatches: number,
    threads: number,
  ): Promise<GradientPool> {
    // Native kernels are compiled here, once, and only found by the workers.
    await kernelImplementation();
    const layout = parameterLayout(engine.spec);
    const gradients = new SharedArrayBuffer(4 * layout.size * microBatches);
    const setup: WorkerSetup = { engine, parameters: parameters.buffer, gradients };
    const workers = Array.from(
      { length: Math.min(threads, microBatches) },
      () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup }),
    );
    const answers = await Promise.allSettled(workers.map((worker) => answerOf(worker)));
    const failed = answers.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw failed.reason;
    }
    const slots = Array.from(
      { length: microBatches },
      (_, slot) => new Float32Array(gradients, 4 * layout.size * slot, layout.size),
    );
    return new GradientPool(layout, parameters, slots, workers);
  }

  constructor(
    layout: ParameterLayout,
    parameters: Float32Array<SharedArrayBuffer>,
    gradients: readonly Float32Array[],
    workers: readonly Worker[],
  ) {
    this.layout = layout;
    this.parameters = parameters;
    this.#gradients = gradients;
    this.#workers = workers;
    for (const worker of workers) worker.once('exit', () => this.#ended.add(worker));
  }

  /** For tests that end one. */
  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** @throws UserError when a worker thread ends or cannot compute its part */
  async run(micros: readonly MicroBatch[]): Promise<StepResult> {
    if (this.#ended.size > 0) throw new UserError(`a training thread has ended; ${again}`);
    const version = this.#version++;
    const results: Extract<FromWorker, { kind: 'done' }>[] = [];
    let next = 0;
    const work = async (worker: Worker): Promise<void> => {
      while (next < micros.length) {
        const slot = next++;
        const answer = answerOf(worker);
        worker.postMessage({ kind: 'run', micro: micros[slot], slot, version } satisfies ToWorker);
        const message = await answer;
        if (message.kind === 'done') results[slot] = message;
      }
    };
    await Promise.all(this.#workers.map(work));
    const classes = results[0].logits.length;
    const logits = new Float32Array(classes * micros.length);
    let loss = 0;
    for (const [slot, one] of results.entries()) {
      loss += one.loss;
      logits.set(one.logits, slot * classes);
    }
    return { loss, logits, gradient: sumInto(this.#gradients) };
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        if (this.#ended.has(worker)) return;
        const gone = new Promise((resolve) => worker.once('exit', resolve));
        worker.postMessage({ kind: 'stop' } satisfies ToWorker);
        await gone;
      }),
    );
  }
}

const again = 'the same command goes on where it was';

/** The next message of a worker; what it could not do, and its end, are errors. */
function answerOf(worker: Worker): Promise<FromWorker> {
  return new Promise((resolve, reject) => {
    const done = () => {
      worker.off('message', heard);
      worker.off('error', failed);
      worker.off('exit', ended);
    };
    const heard = (message: FromWorker) => {
      done();
      if (message.kind === 'failed') reject(new UserError(`a training thread failed: ${message.reason}`));
      else resolve(message);
    };
    const failed = (error: unknown) => {
      done();
      reject(new UserError(`a training thread has ended: ${String(error)}; ${again}`));
    };
    const ended = (code: number) => failed(`code ${code}`);
    worker.on('message', heard);
    worker.on('error', failed);
    worker.on('exit', ended);
  });
}
