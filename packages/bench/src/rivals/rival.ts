/** A model carried out in one of several forms: opened, run on made-up images, disposed of. */
import { type CpuForm, cpuBackend, loadMatmulFloor, startLinks } from '@vssm/backend-cpu';
import type { PruningPlan } from '@vssm/core';
import { type ModelSpec, randomWeights } from '@vssm/families';
import { randomWeightsSeed } from '../resources.ts';
import { randomBatch } from '../speed.ts';
import { TaskFailure } from '../workplace.ts';
import type { ExecutionForm, Mode } from './modes.ts';

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
  if (form === 'matmul-floor') return loadMatmulFloor(spec, plan, mode.threads);
  const weights = randomWeights(spec, randomWeightsSeed);
  const model = await cpuBackend(cpuForm(form, mode)).load({ spec, weights, plan, threads: mode.threads });
  if (model.form !== undefined && !form.startsWith(model.form)) {
    await model.dispose();
    // Its time would stand under another form's name.
    throw new TaskFailure(`${form} does not take this model's shapes: it would run as ${model.form}`);
  }
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

function cpuForm(form: Exclude<ExecutionForm, 'matmul-floor'>, { cores }: Pick<Mode, 'cores'>): CpuForm {
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
  const module = new URL('./rival-worker.ts', import.meta.url);
  const links = await startLinks<number, undefined>(threads, module, setup);
  return {
    async run(images) {
      await Promise.all(
        links.map(async (link, index) => {
          const own = Math.floor((images + index) / threads);
          if (own === 0) return;
          try {
            await link.ask(own);
          } catch (error) {
            // A time in which a thread was started anew would be none.
            throw new TaskFailure(`a worker thread: ${error}`, { cause: error });
          }
        }),
      );
    },
    dispose: async () => {
      await Promise.all(links.map((link) => link.kill()));
    },
  };
}
