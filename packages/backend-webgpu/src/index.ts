/** Models on a GPU through WebGPU, or in WebAssembly, inside a browser that Node drives. */
import type { Backend } from '@vssm/backend';
import { type PageBackendOptions, pageBackend } from './driver/backend.ts';

export { Browser, type BrowserOptions, type Tab } from './driver/browser.ts';
export { webgpuNodeBackend } from './node/backend.ts';

/** WGSL kernels and ONNX Runtime's WebGPU provider on one GPUDevice of a page. */
export function webgpuBackend(options: PageBackendOptions = {}): Backend {
  return pageBackend('webgpu', options);
}

/** backend-cpu's engine on onnxruntime-web, on the page's processor. */
export function wasmBackend(options: PageBackendOptions = {}): Backend {
  return pageBackend('wasm', options);
}
