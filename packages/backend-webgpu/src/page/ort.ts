/** How ONNX Runtime's WebAssembly files are found, whichever of its builds an engine uses. */
import type * as Ort from 'onnxruntime-web';

type Runtime = Pick<typeof Ort, 'env'>;

/** @param folder URL of the folder that holds the WebAssembly files, ending in a slash */
export function configureRuntime(runtime: Runtime, folder: string, threads: number): void {
  runtime.env.logLevel = 'error';
  runtime.env.wasm.wasmPaths = folder;
  runtime.env.wasm.numThreads = threads;
}
