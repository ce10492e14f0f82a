/** How ONNX Runtime's WebAssembly files are found, whichever of its builds an engine uses. */
import type { env as RuntimeSettings } from 'onnxruntime-web';

/** @param folder URL of the folder that holds the WebAssembly files, ending in a slash */
export function configureRuntime(env: typeof RuntimeSettings, folder: string, threads: number): void {
  env.logLevel = 'error';
  env.wasm.wasmPaths = folder;
  env.wasm.numThreads = threads;
}
