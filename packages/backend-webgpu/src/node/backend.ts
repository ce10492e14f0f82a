/** WebGPU without a browser, behind the Backend interface. */
import { type Backend, DeviceError } from '@vssm/backend';
import { refuseAllButRanking, refuseRuleFile } from '@vssm/core';
import { openMatmulFloor } from '@vssm/families/graph';
import { smallestModel } from '@vssm/graph';
import { createSession, keepDevice, onnxRuntime } from './ort.ts';
import { loadWhole } from './whole.ts';

export const webgpuNodeBackend: Backend = {
  name: 'webgpu-node',
  async probe() {
    try {
      await keepDevice(smallestModel());
      const { env } = await onnxRuntime();
      return {
        available: true,
        details: { runtime: `onnxruntime-node ${env.versions.node}`, form: 'whole, LinearAttention' },
        // ONNX Runtime chooses the adapter by itself and does not say which.
        accelerator: 'unnamed WebGPU adapter',
      };
    } catch (error) {
      if (error instanceof DeviceError) return { available: false, reason: error.reason, fix: error.fix };
      return {
        available: false,
        reason: `onnxruntime-node: ${String(error)}`,
        fix: 'use a platform for which onnxruntime-node ships a library',
      };
    }
  },
  async load(request) {
    refuseRuleFile(request.plan, '--backend webgpu-node');
    refuseAllButRanking(request.plan, '--backend webgpu-node');
    return loadWhole(request);
  },
  async loadMatmulFloor(spec, plan) {
    await keepDevice(smallestModel());
    const { Tensor } = await onnxRuntime();
    return openMatmulFloor(spec, plan, Tensor, createSession);
  },
};
