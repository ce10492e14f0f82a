/** The one place that touches onnxruntime-node. Loaded on first use: it is a large native library. */
import { DeviceError } from '@vssm/backend';
import '@vssm/backend/no-telemetry';
import { smallestModel } from '@vssm/graph';
import type { InferenceSession } from 'onnxruntime-node';

type Runtime = typeof import('onnxruntime-node');

let runtime: Promise<Runtime> | undefined;

export function onnxRuntime(): Promise<Runtime> {
  runtime ??= import('onnxruntime-node');
  return runtime;
}

const missingFix =
  process.platform === 'linux'
    ? "install the Vulkan loader (Debian, Ubuntu: apt install libvulkan1) and the GPU's Vulkan driver; vulkaninfo should list it"
    : 'update the graphics driver';

/** @throws DeviceError `no-adapter` */
export async function createSession(model: Uint8Array): Promise<InferenceSession> {
  const { InferenceSession } = await onnxRuntime();
  try {
    return await InferenceSession.create(model, {
      executionProviders: ['webgpu'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw named(error);
  }
}

/**
 * The provider gives its device, and all kernels compiled for it, back with its last session. This one stays, so
 * that the next model finds both.
 */
let anchor: Promise<InferenceSession> | undefined;

/** @throws DeviceError `no-adapter` */
export async function keepDevice(): Promise<void> {
  anchor ??= createSession(smallestModel());
  try {
    await anchor;
  } catch (error) {
    anchor = undefined;
    throw error;
  }
}

/** For a device that was lost: the next session gets another one, once all old ones are released. */
export async function letDeviceGo(): Promise<void> {
  const session = await anchor?.catch(() => undefined);
  anchor = undefined;
  await session?.release();
}

/** The provider's errors have no codes, only texts. */
export function named(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  const [last] = text.trim().split('\n').at(-1)!.split(' was false. ').slice(-1);
  if (/failed to get a webgpu adapter/i.test(text)) {
    return new DeviceError('no-adapter', `no WebGPU adapter for Node: ${last}`, { fix: missingFix });
  }
  if (/device (was |is )?lost|lost (the )?device/i.test(text)) {
    return new DeviceError('device-lost', `the WebGPU device was lost: ${last}`);
  }
  if (/out of memory|outofmemory/i.test(text)) {
    return new DeviceError('out-of-memory', `WebGPU ran out of memory: ${last}`);
  }
  return error instanceof Error ? error : new Error(text);
}
