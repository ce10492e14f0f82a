/**
 * onnxruntime-web in the place of backend-cpu's ort.ts, whose exports these are: the bundler puts it there. So the
 * page runs the same engine as Node does, kernels included, on another build of ONNX Runtime.
 */
import * as runtime from 'onnxruntime-web/wasm';
import { configureRuntime } from '../ort.ts';

type Tensors = Readonly<Record<string, runtime.OnnxValue>>;

interface Session {
  run(inputs: Tensors, outputs?: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

export async function onnxRuntime(): Promise<typeof runtime> {
  return runtime;
}

/** Before the first session. @param threads of all sessions of the page; more than one needs shared memory */
export function configure(folder: string, threads: number): void {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  configureRuntime(runtime.env, folder, crossOriginIsolated === true ? threads : 1);
}

/** A session that writes into the tensors it is given, which onnxruntime-web does for GPU buffers only. @public */
export async function createSession(model: Uint8Array): Promise<Session> {
  const session = await runtime.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
  return {
    release: () => session.release(),
    async run(inputs, outputs = {}) {
      const results = await session.run(inputs);
      for (const [name, { data }] of Object.entries(outputs)) {
        (data as Float32Array).set(results[name].data as Float32Array);
      }
      return results;
    },
  };
}
