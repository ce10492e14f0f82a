/** A model loaded in a page, whichever engine runs it. */
import type { ChunkRunner } from '@vssm/backend';

/** Where an engine finds the files that are not JavaScript. */
export interface PageSources {
  /** URL of the folder with ONNX Runtime's WebAssembly files, ending in a slash. */
  readonly runtime: string;
  /** The kernels' WebAssembly module. */
  kernels(): Promise<ArrayBuffer>;
}

export interface PageModel extends ChunkRunner {
  dispose(): Promise<void>;
}
