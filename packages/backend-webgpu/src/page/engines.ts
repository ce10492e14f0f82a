/** The engines that a page can run models with, each loaded when asked for, with its own build of ONNX Runtime. */
import type { Model, PageBackend } from '../wire.ts';
import type { PageModel, PageSources } from './model.ts';

export { type ErrorMessage, errorFrom, errorMessage } from '../error-message.ts';
export { decodeModel, type Model, type PageBackend } from '../wire.ts';
export type { PageModel, PageSources } from './model.ts';

export interface PageEngine {
  /** What a model would run on. Throws a DeviceError where there is nothing. */
  probe(sources: PageSources): Promise<Readonly<Record<string, string>>>;
  /** @param threads of WebAssembly; more than one only in a cross-origin isolated page */
  load(model: Model, sources: PageSources, threads: number): Promise<PageModel>;
}

/** Loads the code of the engine; the other one's is not fetched. */
export function pageEngine(name: PageBackend): Promise<PageEngine> {
  switch (name) {
    case 'webgpu':
      return import('./gpu/model.ts');
    case 'wasm':
      return import('./wasm/model.ts');
    default:
      throw name satisfies never;
  }
}
