/**
 * Data-parallel gradients: the micro-batches of a step are dealt to worker threads, each leaves its gradient in a
 * vector of its own, and they are summed in the order of the micro-batches. The result does not depend on the number
 * of threads, nor on which was faster.
 */
import { WorkerDied, WorkerLanes } from '@vssm/backend-cpu';
import { ruleFileOf, UserError } from '@vssm/core';
import { kernelImplementation } from '@vssm/kernels';
import type { EngineOptions, MicroBatch } from '../engine/engine.ts';
import { type ParameterLayout, parameterLayout } from '../engine/layout.ts';
import { sumInto } from '../recipe/optimiser.ts';
import type { MicroAnswer, MicroAsk, WorkerSetup } from './messages.ts';

const workerModule = new URL('./worker.ts', import.meta.url);

type Lanes = WorkerLanes<MicroAsk, MicroAnswer>;

export interface StepResult {
  /** Mean over the batch. */
  readonly loss: number;
  /** Of every answer its classes, answers in the order of the images; a segmenter has one for each pixel. */
  readonly logits: Float32Array;
  /** Of the mean loss; overwritten by the next step. */
  readonly gradient: Float32Array;
}

export class GradientPool {
  readonly layout: ParameterLayout;
  /** What the workers read; change them between steps only. */
  readonly parameters: Float32Array<SharedArrayBuffer>;
  readonly #gradients: readonly Float32Array[];
  /** For tests that end a thread. */
  readonly lanes: Lanes;
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
    const rule = ruleFileOf(engine.plan);
    const setup: WorkerSetup = {
      ...{ engine, parameters: parameters.buffer, gradients },
      ...(rule !== undefined && { rule: { file: rule.file, sha256: rule.sha256 } }),
    };
    const lanes: Lanes = await WorkerLanes.start(Math.min(threads, microBatches), workerModule, setup);
    const slots = Array.from(
      { length: microBatches },
      (_, slot) => new Float32Array(gradients, 4 * layout.size * slot, layout.size),
    );
    return new GradientPool(layout, parameters, slots, lanes);
  }

  constructor(
    layout: ParameterLayout,
    parameters: Float32Array<SharedArrayBuffer>,
    gradients: readonly Float32Array[],
    lanes: Lanes,
  ) {
    this.layout = layout;
    this.parameters = parameters;
    this.#gradients = gradients;
    this.lanes = lanes;
  }

  /**
   * A thread that dies is replaced, and computes its part again.
   *
   * @throws UserError when a worker thread dies twice or cannot compute its part
   */
  async run(micros: readonly MicroBatch[]): Promise<StepResult> {
    const version = this.#version++;
    const results: MicroAnswer[] = [];
    let next = 0;
    const work = async (lane: number): Promise<void> => {
      while (next < micros.length) {
        const slot = next++;
        results[slot] = await this.#ask({ micro: micros[slot], slot, version }, lane);
      }
    };
    await Promise.all(this.lanes.links.map((_, lane) => work(lane)));
    const each = results[0].logits.length;
    const logits = new Float32Array(each * micros.length);
    let loss = 0;
    for (const [slot, one] of results.entries()) {
      loss += one.loss;
      logits.set(one.logits, slot * each);
    }
    return { loss, logits, gradient: sumInto(this.#gradients) };
  }

  async stop(): Promise<void> {
    await this.lanes.stop();
  }

  async #ask(ask: MicroAsk, lane: number): Promise<MicroAnswer> {
    try {
      return await this.lanes.ask(lane, ask);
    } catch (error) {
      if (error instanceof WorkerDied) {
        throw new UserError(`a training thread has ended: ${error.message}, twice; ${again}`);
      }
      throw new UserError(`a training thread failed: ${messageOf(error)}`);
    }
  }
}

const again = 'the same command goes on where it was';

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
