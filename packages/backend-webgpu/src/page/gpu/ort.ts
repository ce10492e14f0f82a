/** ONNX Runtime's WebGPU provider in a page: sessions on a device that our kernels share. */
import { smallestModel } from '@vssm/graph';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/webgpu';
import { configureRuntime } from '../ort.ts';

export { Tensor };

export const version = () => `onnxruntime-web ${env.versions.web}`;

/** Before the first session. @param folder URL of the folder with the WebAssembly files, ending in a slash */
export const configure = (folder: string) => configureRuntime(env, folder, 1);

export function createSession(device: GPUDevice, model: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    // ONNX Runtime's types do not know the option; given here, and only here, the device is used.
    executionProviders: [{ name: 'webgpu', device } as InferenceSession.WebGpuExecutionProviderOption],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
}

/**
 * The provider throws away what it compiled for a device with the device's last session. One of each device's stays, so
 * that the next model finds it.
 */
const anchors = new Map<GPUDevice, Promise<InferenceSession>>();

export async function keepDevice(device: GPUDevice): Promise<void> {
  const anchor = anchors.get(device) ?? createSession(device, smallestModel());
  anchors.set(device, anchor);
  try {
    await anchor;
  } catch (error) {
    if (anchors.get(device) === anchor) anchors.delete(device);
    throw error;
  }
}

/** Of devices before this one, which are lost. */
export async function letOthersGo(device: GPUDevice): Promise<void> {
  for (const [other, anchor] of anchors) {
    if (other === device) continue;
    anchors.delete(other);
    const session = await anchor.catch(() => undefined);
    await session?.release();
  }
}
