/** A model on the page's GPU: an engine, and a new one on a new device when that one is lost. */

import { type Chunk, type ChunkPrediction, DeviceError, within } from '@vssm/backend';
import type { PruningPlan, Weights } from '@vssm/core';
import { counted } from '@vssm/core';
import { checkPlan, type ModelSpec } from '@vssm/families';
import type { Model } from '../../wire.ts';
import type { PageModel, PageSources } from '../model.ts';
import { adapterName, checkAdapter, findAdapter, type SharedDevice, sharedDevice } from './device.ts';
import { GpuEngine } from './engine.ts';
import { configure, letOthersGo, version } from './ort.ts';

/** @throws DeviceError `no-adapter`, `adapter-too-small` */
export async function probe(_: PageSources): Promise<Record<string, string>> {
  const adapter = await findAdapter();
  checkAdapter(adapter);
  return {
    runtime: version(),
    adapter: adapterName(adapter) + (adapter.info.isFallbackAdapter ? ', in software' : ''),
    features: ['shader-f16', 'subgroups', 'timestamp-query'].filter((f) => adapter.features.has(f)).join(' '),
  };
}

export async function load(model: Model, sources: PageSources): Promise<GpuModel> {
  configure(sources.runtime);
  const { device, engine } = await start(model);
  return new GpuModel(model, device, engine);
}

async function start(model: Model): Promise<{ device: SharedDevice; engine: GpuEngine }> {
  checkPlan(model.spec, model.plan);
  const device = await sharedDevice();
  await givenBack(letOthersGo(device.device));
  return { device, engine: await Promise.race([GpuEngine.create(device, model), device.untilLost]) };
}

/** How long a loss may take to be announced, ms. */
const patience = 200;

/** How long the runtime may take to give back what it had on a device that is lost, ms. */
const disposalMs = 5_000;

/** What a lost device held went with it; the runtime may fail to give it back, or wait for the device for ever. */
async function givenBack(release: Promise<void>): Promise<void> {
  await within(disposalMs, release, () => new Error('the runtime gives nothing back')).catch(() => undefined);
}

/** What the device refused to do for the runtime, which does not always say so itself. */
function refusal(error: GPUError, { samples }: Chunk): Error {
  return error instanceof GPUOutOfMemoryError
    ? new DeviceError(
        'out-of-memory',
        `WebGPU ran out of memory for ${counted(samples.length, 'image')} at once`,
      )
    : new Error(`WebGPU refused a call: ${error.message}`);
}

export class GpuModel implements PageModel {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly #weights: Weights;
  #device: SharedDevice;
  #engine: GpuEngine;

  constructor({ spec, plan, weights }: Model, device: SharedDevice, engine: GpuEngine) {
    this.spec = spec;
    this.plan = plan;
    this.#weights = weights;
    this.#device = device;
    this.#engine = engine;
  }

  get chunkSize(): number {
    return this.#engine.chunkSize;
  }

  async run(chunk: Chunk): Promise<ChunkPrediction> {
    const { device, untilLost } = this.#device;
    let refused: GPUError | undefined;
    const listen = ({ error }: GPUUncapturedErrorEvent) => {
      refused ??= error;
    };
    device.addEventListener('uncapturederror', listen);
    try {
      const prediction = await Promise.race([this.#engine.run(chunk), untilLost]);
      if (refused !== undefined) throw refusal(refused, chunk);
      return prediction;
    } catch (error) {
      // A device that goes makes calls on it fail in many ways, before or after its loss is announced.
      await Promise.race([untilLost, new Promise((resolve) => setTimeout(resolve, patience))]);
      throw refused === undefined || error instanceof DeviceError ? error : refusal(refused, chunk);
    } finally {
      device.removeEventListener('uncapturederror', listen);
    }
  }

  async reacquire(): Promise<void> {
    await givenBack(this.#engine.dispose());
    const { spec, plan } = this;
    const { device, engine } = await start({ spec, plan, weights: this.#weights });
    this.#device = device;
    this.#engine = engine;
  }

  async dispose(): Promise<void> {
    await this.#engine.dispose();
  }
}
