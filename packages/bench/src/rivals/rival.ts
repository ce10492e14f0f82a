/** A model carried out in one of several forms: opened, run on made-up images, disposed of. */
import { Worker } from 'node:worker_threads';
import '@vssm/backend/no-telemetry';
import { type CpuForm, cpuBackend, loadFloor } from '@vssm/backend-cpu';
import type { PruningPlan } from '@vssm/core';
import { type ModelSpec, randomWeights } from '@vssm/families';
import { randomWeightsSeed } from '../resources.ts';
import { randomBatch } from '../speed.ts';
import { TaskFailure } from '../workplace.ts';
import type { Mode } from './modes.ts';
import type { ExecutionForm } from './rows.ts';

export interface Rival {
  /** Runs `images` images once. */
  run(images: number): Promise<void>;
  dispose(): Promise<void>;
}

/** Everything that decides what is run, apart from the number of images. */
export interface RivalSetup {
  readonly form: ExecutionForm;
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
}

/** With random weights: time does not depend on their values. */
export async function openRival(setup: RivalSetup, mode: Omit<Mode, 'batch'>): Promise<Rival> {
  const { form, spec, plan } = setup;
  if (mode.cores === 'apart' && !form.startsWith('segments')) return openApart(setup, mode.threads);
  if (form === 'floor') return loadFloor(spec, plan, mode.threads);
  const weights = randomWeights(spec, randomWeightsSeed);
  const model = await cpuBackend(cpuForm(form, mode)).load({ spec, weights, plan, threads: mode.threads });
  const batches = new Map<number, ReturnType<typeof randomBatch>>();
  return {
    async run(images) {
      const batch = batches.get(images) ?? randomBatch(spec, images);
      batches.set(images, batch);
      const { failed } = await model.run(batch);
      if (failed !== undefined)
        throw new TaskFailure(`a timed run got no answer: ${[...failed.values()][0]}`);
    },
    dispose: () => model.dispose(),
  };
}

function cpuForm(form: Exclude<ExecutionForm, 'floor'>, { cores }: Pick<Mode, 'cores'>): CpuForm {
  switch (form) {
    case 'segments':
    case 'segments-wasm': {
      const mode = cores === 'apart' ? 'throughput' : 'latency';
      return { form: 'segments', mode, ...(form === 'segments-wasm' && { kernels: 'wasm' }) };
    }
    case 'whole-scan':
      return { form: 'whole', scan: 'scan' };
    case 'whole-linear-attention':
      return { form: 'whole', scan: 'linear-attention' };
    default:
      throw form satisfies never;
  }
}

/** A session of one thread in each of several worker threads: a run of ONNX Runtime blocks the thread it is on. */
async function openApart(setup: RivalSetup, threads: number): Promise<Rival> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./rival-worker.ts', import.meta.url), { workerData: setup }),
  );
  const dispose = async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  try {
    await Promise.all(workers.map(answer));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    async run(images) {
      await Promise.all(
        workers.map((worker, index) => {
          const own = Math.floor((images + index) / threads);
          if (own === 0) return null;
          worker.postMessage(own);
          return answer(worker);
        }),
      );
    },
    dispose,
  };
}

/** Rejects when the worker throws, or ends without an answer. */
function answer(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      worker.off('message', heard).off('error', failed).off('exit', ended);
      settle();
    };
    const heard = (message: unknown) => done(() => resolve(message));
    const failed = (error: unknown) => done(() => reject(new TaskFailure(`a worker thread: ${error}`)));
    const ended = () => done(() => reject(new TaskFailure('a worker thread ended without an answer')));
    worker.on('message', heard).on('error', failed).on('exit', ended);
  });
}
