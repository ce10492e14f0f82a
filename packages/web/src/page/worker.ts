/** The worker: holds the open model's weights and whatever is loaded of it. See calls.ts. */
import { type Batch, runInChunks } from '@vssm/backend';
import {
  decodeModel,
  errorMessage,
  type Model,
  type PageBackend,
  type PageModel,
  type PageSources,
  pageEngine,
} from '@vssm/backend-webgpu/page';
import type { PruningPlan } from '@vssm/core';
import { checkPlan, namedModel, randomWeights } from '@vssm/families';
import type { Calls, Question, Reply, WeightSource } from './calls.ts';
import { fetchFromServer } from './server.ts';

const sources: PageSources = {
  runtime: new URL('runtime/', import.meta.url).href,
  kernels: async () => (await fetchFromServer('kernels.wasm')).arrayBuffer(),
};

let open: { readonly source: string; readonly model: Pick<Model, 'spec' | 'weights'> } | undefined;
const loaded = new Map<number, PageModel>();
let loads = 0;

const calls: Calls = {
  async probe(backend) {
    return (await pageEngine(backend)).probe(sources);
  },

  async open(source) {
    const name = JSON.stringify(source);
    if (open?.source === name) return;
    open = undefined;
    open = { source: name, model: await weightsFrom(source) };
  },

  async load(backend: PageBackend, plan: PruningPlan, threads: number, contributions = false) {
    const { spec, weights } = open!.model;
    checkPlan(spec, plan);
    const engine = await pageEngine(backend);
    loads++;
    loaded.set(loads, await engine.load({ spec, weights, plan, contributions }, sources, threads));
    return loads;
  },

  async run(model: number, batch: Batch) {
    const begin = performance.now();
    const prediction = await runInChunks(loaded.get(model)!, batch);
    return { ...prediction, ms: performance.now() - begin };
  },

  async dispose(model: number) {
    const own = loaded.get(model);
    loaded.delete(model);
    await own?.dispose();
  },
};

async function weightsFrom(source: WeightSource): Promise<Pick<Model, 'spec' | 'weights'>> {
  switch (source.from) {
    case 'random': {
      const spec = namedModel(source.model);
      return { spec, weights: randomWeights(spec, source.seed) };
    }
    case 'server':
      return decodeModel(await (await fetchFromServer(`weights/${source.id}`)).arrayBuffer());
    default:
      throw source satisfies never;
  }
}

/** Calls run one after another: the runtime allows one at a time. */
let last: Promise<unknown> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  last = last.then(async () => postMessage(await reply(data)));
});

async function reply({ id, name, args }: Question): Promise<Reply> {
  try {
    const call = calls[name] as (...args: readonly unknown[]) => Promise<unknown>;
    return { id, ok: true, value: await call(...args) };
  } catch (error) {
    return { id, ok: false, error: errorMessage(error) };
  }
}
