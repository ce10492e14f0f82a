/** A model on the page's processor: backend-cpu's engine and WebAssembly kernels, on onnxruntime-web (see ort.ts). */

import type { Chunk, ChunkPrediction, LoadedModel } from '@vssm/backend';
import { cpuBackend } from '@vssm/backend-cpu';
import type { PruningPlan } from '@vssm/core';
import { counted } from '@vssm/core';
import { checkPlan, type ModelSpec } from '@vssm/families';
import { createKernels, createMemory } from '@vssm/kernels';
import type { Model } from '../../wire.ts';
import type { PageModel, PageSources } from '../model.ts';
import { configure, onnxRuntime } from './ort.ts';

/** The engine cuts it further as its memory wants. */
const chunkSize = 32;

export async function probe(_: PageSources): Promise<Record<string, string>> {
  const { env } = await onnxRuntime();
  return {
    runtime: `onnxruntime-web ${env.versions.web}`,
    cores: counted(navigator.hardwareConcurrency, 'core'),
  };
}

/** @param threads inside each matrix product; the kernels have one, and images go through one after another */
export async function load(model: Model, sources: PageSources, threads: number): Promise<WasmModel> {
  checkPlan(model.spec, model.plan);
  configure(sources.runtime, threads);
  // Compiled once for the page: the engine finds the module there, and need not look for the file.
  await createKernels(createMemory(), {
    implementation: 'wasm',
    bytes: new Uint8Array(await sources.kernels()),
  });
  const engine = cpuBackend({ form: 'segments', mode: 'latency' });
  return new WasmModel(model, await engine.load({ ...model, threads: 1 }));
}

class WasmModel implements PageModel {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly chunkSize = chunkSize;
  readonly #model: LoadedModel;

  constructor({ spec, plan }: Model, model: LoadedModel) {
    this.spec = spec;
    this.plan = plan;
    this.#model = model;
  }

  async run({ pixels, samples }: Chunk): Promise<ChunkPrediction> {
    const prediction = await this.#model.run({ pixels, samples, size: samples.length });
    return { ...prediction, logits: prediction.logits as Float32Array };
  }

  /** There is no device to lose. */
  async reacquire(): Promise<void> {}

  async dispose(): Promise<void> {
    await this.#model.dispose();
  }
}
