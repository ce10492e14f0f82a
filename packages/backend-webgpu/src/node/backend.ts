/** WebGPU without a browser, behind the Backend interface. */
import { type Backend, DeviceError, type Probe } from '@vssm/backend';
import { refuseAllButRanking, refuseRuleFile } from '@vssm/core';
import { openMatmulFloor } from '@vssm/families/graph';
import { type Precision, smallestModel } from '@vssm/graph';
import { createSession, keepDevice, named, onnxRuntime } from './ort.ts';
import { loadWhole } from './whole.ts';

/** @param precision of the products into and out of the mixers */
export function webgpuNodeBackend(precision: Precision = 'f32'): Backend {
  return {
    name: 'webgpu-node',
    probe: () => probe(precision),
    async load(request) {
      refuseRuleFile(request.plan, '--backend webgpu-node');
      refuseAllButRanking(request.plan, '--backend webgpu-node');
      return loadWhole(request, precision);
    },
    async loadMatmulFloor(spec, plan) {
      await keepDevice();
      const { Tensor } = await onnxRuntime();
      return openMatmulFloor(spec, plan, Tensor, createSession, precision);
    },
  };
}

async function probe(precision: Precision): Promise<Probe> {
  let fault: string | undefined;
  try {
    await keepDevice();
    if (precision === 'f16') fault = await faultOfHalf();
  } catch (error) {
    if (error instanceof DeviceError) return { available: false, reason: error.reason, fix: error.fix };
    return {
      available: false,
      reason: `onnxruntime-node: ${String(error)}`,
      fix: 'use a platform for which onnxruntime-node ships a library',
    };
  }
  const { env } = await onnxRuntime();
  if (fault !== undefined) {
    return {
      available: false,
      reason: `the WebGPU adapter does no half precision: ${fault}`,
      fix: "update the graphics driver (WebGPU's shader-f16), or take float32",
    };
  }
  return {
    available: true,
    details: {
      runtime: `onnxruntime-node ${env.versions.node}`,
      form: `whole, LinearAttention${precision === 'f16' ? ', products in float16' : ''}`,
    },
    // ONNX Runtime chooses the adapter by itself and does not say which.
    accelerator: 'unnamed WebGPU adapter',
  };
}

/** Why a product in half precision is not to be had; only running one tells. @throws DeviceError for a lost or full one */
async function faultOfHalf(): Promise<string | undefined> {
  try {
    const session = await createSession(smallestModel('f16'));
    try {
      const { Tensor } = await onnxRuntime();
      const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2), [1, 2]) });
      return y.data[0] === 3 ? undefined : `1 + 2 came out as ${y.data[0]}`;
    } finally {
      await session.release();
    }
  } catch (error) {
    const own = named(error);
    if (own instanceof DeviceError) throw own;
    return own.message.split('Status Message: ').at(-1);
  }
}
