/** The one place of this package that touches ONNX Runtime. Loaded on first use: it is a large native library. */
import '@vssm/backend/no-telemetry';
import type { InferenceSession } from 'onnxruntime-node';

type Runtime = typeof import('onnxruntime-node');

let runtime: Promise<Runtime> | undefined;

export function onnxRuntime(): Promise<Runtime> {
  runtime ??= import('onnxruntime-node');
  return runtime;
}

/**
 * A CPU session of an encoded model. `threads` work inside one operator; operators run one after another.
 *
 * @param options.shareCores let idle threads of the pool sleep instead of spin: for sessions that take turns with
 *   other work on the same cores
 * @param options.memoryPattern set aside in one piece what the first run took; default true
 */
export async function createSession(
  model: Uint8Array,
  threads: number,
  options: { readonly shareCores?: boolean; readonly memoryPattern?: boolean } = {},
): Promise<InferenceSession> {
  const { InferenceSession } = await onnxRuntime();
  return InferenceSession.create(model, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(options.memoryPattern === false && { enableMemPattern: false }),
    ...(options.shareCores === true && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  });
}
