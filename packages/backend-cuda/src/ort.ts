/** The one place of this package that touches ONNX Runtime. Loaded on first use: it is a large native library. */
import { DeviceError } from '@vssm/backend';
import '@vssm/backend/no-telemetry';
import type { InferenceSession } from 'onnxruntime-node';

type Runtime = typeof import('onnxruntime-node');

let runtime: Promise<Runtime> | undefined;

export function onnxRuntime(): Promise<Runtime> {
  // The provider lets matrix products round to TF32, three decimal digits; the binding has no option against it.
  // NVIDIA's libraries read this when they are loaded, and it overrules the provider.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  runtime ??= import('onnxruntime-node');
  return runtime;
}

/** @throws DeviceError `no-provider`, `no-adapter`, `out-of-memory`, `device-lost` */
export async function createSession(model: Uint8Array): Promise<InferenceSession> {
  const { InferenceSession } = await onnxRuntime();
  try {
    return await InferenceSession.create(model, {
      executionProviders: ['cuda'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw named(error);
  }
}

const driverFix = 'nvidia-smi should list the GPU; update the NVIDIA driver (525 or newer for CUDA 12)';

/** Numbers of cudaError_t: no driver, one too old, no device, none of this number, none free, … */
const noDevice = new Set([3, 34, 35, 46, 100, 101, 802, 803, 804]);
const outOfMemory = 2;
/** ECC error, NVLink error, context destroyed, and errors that leave the process without a working context. */
const lost = new Set([214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 999]);

/** The provider's errors have no codes of their own, only texts, which quote CUDA's. */
export function named(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  const short = text.trim().split('\n')[0].slice(0, 300);
  const code = Number(/CUDA failure (\d+)/i.exec(text)?.[1] ?? Number.NaN);
  const cause = { cause: error };
  if (/failed to load shared library|failed to load library/i.test(text)) {
    return new DeviceError('no-provider', `the CUDA provider cannot be loaded: ${short}`, cause);
  }
  if (
    code === outOfMemory ||
    /failed to allocate memory|out of memory|(CUBLAS|CUDNN)_STATUS_ALLOC_FAILED/i.test(text)
  ) {
    return new DeviceError('out-of-memory', `the GPU ran out of memory: ${short}`, cause);
  }
  if (noDevice.has(code) || /no CUDA-capable device|driver version is insufficient/i.test(text)) {
    return new DeviceError('no-adapter', `no GPU answers to CUDA: ${short}`, { ...cause, fix: driverFix });
  }
  if (lost.has(code) || /(CUBLAS|CUDNN)_STATUS_EXECUTION_FAILED/i.test(text)) {
    return new DeviceError('device-lost', `the CUDA device was lost: ${short}`, cause);
  }
  return error instanceof Error ? error : new Error(text);
}
