/** ONNX Runtime's CUDA provider behind the Backend interface. */
import { type Backend, DeviceError, type Probe } from '@vssm/backend';
import { refuseRuleFile } from '@vssm/core';
import { openMatmulFloor } from '@vssm/families/graph';
import { type Precision, smallestModel } from '@vssm/graph';
import { gpuName } from './gpu-name.ts';
import { createSession, onnxRuntime } from './ort.ts';
import { inOneLine, type Machine, missingFor, thisMachine } from './requirements.ts';
import { loadWhole } from './whole.ts';

/**
 * @param precision of the products into and out of the mixers
 * @param machine what to look at instead of this machine, for tests
 */
export function cudaBackend(precision: Precision = 'f32', machine: () => Machine = thisMachine): Backend {
  return {
    name: 'cuda',
    probe: () => probe(machine(), precision),
    async load(request) {
      refuseRuleFile(request.plan, '--backend cuda');
      const missing = missingFor(machine());
      if (missing.length > 0) {
        const { reason, fix } = inOneLine(missing);
        const kind = missing.some(({ what }) => what === 'driver') ? 'no-adapter' : 'no-provider';
        throw new DeviceError(kind, reason, { fix });
      }
      return loadWhole(request, precision);
    },
    async loadMatmulFloor(spec, plan) {
      const { Tensor } = await onnxRuntime();
      return openMatmulFloor(spec, plan, Tensor, createSession, precision);
    },
  };
}

async function probe(machine: Machine, precision: Precision): Promise<Probe> {
  const missing = missingFor(machine);
  if (missing.length > 0) return { available: false, ...inOneLine(missing) };
  try {
    const session = await createSession(smallestModel(precision));
    await session.release();
    const { env } = await onnxRuntime();
    const accelerator = gpuName();
    const runtime = `onnxruntime-node ${env.versions.node}, CUDA`;
    const form = `whole-linear-attention${precision === 'f16' ? ', products in float16' : ''}`;
    return { available: true, details: { runtime, form, gpu: accelerator }, accelerator };
  } catch (error) {
    if (error instanceof DeviceError) return { available: false, reason: error.reason, fix: error.fix };
    return {
      available: false,
      reason: `onnxruntime-node's CUDA provider does not start: ${String(error)}`,
      fix: 'see that nvidia-smi lists the GPU and that CUDA 12 and cuDNN 9 are installed, or use --backend cpu',
    };
  }
}
