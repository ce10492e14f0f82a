/** The engines of a page behind the Backend interface: `webgpu` and `wasm`, driven from Node. */

import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  type Backend,
  type Batch,
  type ChunkRunner,
  DeviceError,
  type LoadedModel,
  type ModelRequest,
  type Prediction,
  runInChunks,
} from '@vssm/backend';
import { refuseAllButRanking, refuseRuleFile } from '@vssm/core';
import { decodePrediction, encodeChunk, encodeModel, type PageBackend } from '../wire.ts';
import { Browser, type BrowserOptions, type Tab } from './browser.ts';

export interface PageBackendOptions extends BrowserOptions {
  /** A tab to use, which stays open; default: every model opens a separate browser and closes it. */
  readonly tab?: Tab;
}

export function pageBackend(name: PageBackend, given: PageBackendOptions = {}): Backend {
  const options = { webgpu: name === 'webgpu', ...given };
  return {
    name,
    async probe() {
      try {
        return await withTab(options, async (tab, browser) => {
          const { details } = await tab.ask({ command: 'probe', backend: name });
          const accelerator = name === 'webgpu' ? details!.adapter : null;
          return { available: true, details: { ...details, browser }, accelerator };
        });
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        return { available: false, reason: error.reason, fix: error.fix };
      }
    },
    load: (request) => loadInTab(name, request, options),
  };
}

async function withTab<T>(
  options: PageBackendOptions,
  use: (tab: Tab, browser: string) => Promise<T>,
): Promise<T> {
  if (options.tab !== undefined) return use(options.tab, options.tab.browserVersion);
  const browser = await Browser.open(options);
  try {
    const tab = await browser.openTab();
    return await use(tab, tab.browserVersion);
  } finally {
    await browser.close();
  }
}

async function loadInTab(
  backend: PageBackend,
  request: ModelRequest,
  options: PageBackendOptions,
): Promise<LoadedModel> {
  refuseRuleFile(request.plan, `--backend ${backend}`);
  if (backend === 'webgpu') refuseAllButRanking(request.plan, `--backend ${backend}`);
  const browser = options.tab === undefined ? await Browser.open(options) : undefined;
  try {
    const tab = options.tab ?? (await browser!.openTab());
    const model = randomUUID();
    const { spec, plan, weights, threads = availableParallelism() } = request;
    const { chunkSize } = await tab.askWith(encodeModel({ spec, plan, weights }), (offer) => ({
      command: 'load',
      backend,
      model,
      offer,
      threads,
    }));
    return new TabModel(tab, browser, model, request, chunkSize!);
  } catch (error) {
    await browser?.close();
    throw error;
  }
}

class TabModel implements LoadedModel {
  readonly #tab: Tab;
  /** Its own, if it has one. */
  readonly #browser: Browser | undefined;
  readonly #model: string;
  readonly #runner: ChunkRunner;

  constructor(
    tab: Tab,
    browser: Browser | undefined,
    model: string,
    request: ModelRequest,
    chunkSize: number,
  ) {
    this.#tab = tab;
    this.#browser = browser;
    this.#model = model;
    const { spec, plan } = request;
    this.#runner = {
      spec,
      plan,
      chunkSize,
      run: async (chunk) =>
        decodePrediction(
          await tab.exchange(encodeChunk(chunk), (offer, answer) => ({
            command: 'run',
            model,
            offer,
            answer,
          })),
        ),
      reacquire: async () => {
        await tab.ask({ command: 'reacquire', model });
      },
    };
  }

  run(batch: Batch): Promise<Prediction> {
    return runInChunks(this.#runner, batch);
  }

  /** A tab that is gone has given everything back already. */
  async dispose(): Promise<void> {
    if (this.#browser !== undefined) return this.#browser.close();
    try {
      await this.#tab.ask({ command: 'dispose', model: this.#model });
    } catch (error) {
      if (!(error instanceof DeviceError && error.kind === 'page-closed')) throw error;
    }
  }
}
