/** Which calls of ONNX Runtime the engines use, and how its WebAssembly files are found. */
import type * as Ort from 'onnxruntime-web';

export type Runtime = Pick<typeof Ort, 'InferenceSession' | 'Tensor' | 'env'>;

/** @param folder URL of the folder that holds the WebAssembly files, ending in a slash */
export function configureRuntime(runtime: Runtime, folder: string, threads: number): void {
  runtime.env.logLevel = 'error';
  runtime.env.wasm.wasmPaths = folder;
  runtime.env.wasm.numThreads = threads;
}
