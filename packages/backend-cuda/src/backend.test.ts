import { DeviceError } from '@vssm/backend';
import { describeConformance } from '@vssm/backend/test-support';
import { densePlan, randomWeights, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { cudaBackend } from './index.ts';
import { named } from './ort.ts';
import { thisMachine } from './requirements.ts';

describe('an error of the provider', () => {
  it.each([
    ['OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library', 'no-provider'],
    ['CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=x', 'no-adapter'],
    ['CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0', 'no-adapter'],
    ['CUDA failure 2: out of memory ; GPU=0 ; hostname=x', 'out-of-memory'],
    ['bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 8388608000', 'out-of-memory'],
    ['CUDA failure 719: unspecified launch failure ; GPU=0', 'device-lost'],
    ['CUDA failure 700: an illegal memory access was encountered ; GPU=0', 'device-lost'],
  ] as const)('"%s" is %s', (text, kind) => {
    const error = named(new Error(text));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ kind });
  });

  it('of another kind stays as it is', () => {
    const error = new Error('CUDA failure 1: invalid argument ; GPU=0');
    expect(named(error)).toBe(error);
  });
});

const nothing = () => ({ ...thisMachine(), platform: 'linux', arch: 'x64', providerInstalled: false });

describe('a machine that lacks something', () => {
  it('is answered with the reason and the fix', async () => {
    const probe = await cudaBackend('f32', nothing).probe();
    expect(probe).toMatchObject({
      available: false,
      reason: expect.stringContaining("the CUDA provider's library is not installed"),
      fix: expect.stringContaining('script/install.js'),
    });
  });

  it('loads no model, and says the same', async () => {
    const spec = vimSpec({ width: 4, depth: 1, imageHeight: 4, imageWidth: 4, patchSize: 4, stride: 4 });
    const loading = cudaBackend('f32', nothing).load({ spec, weights: randomWeights(spec), plan: densePlan });
    await expect(loading).rejects.toThrow(DeviceError);
    await expect(loading).rejects.toThrow("the CUDA provider's library is not installed");
  });
});

const cuda = cudaBackend();
const probe = await cuda.probe();
if (probe.available) {
  // float32 against float64, as on every other device.
  await describeConformance('cuda', cuda, { golden: 5e-5, relative: 1e-5 });

  it('computes products in half precision', async () => {
    const spec = vimSpec({ width: 16, depth: 2, imageHeight: 8, imageWidth: 8, patchSize: 4, stride: 4 });
    const request = { spec, weights: randomWeights(spec), plan: densePlan };
    const pixels = Float32Array.from({ length: 3 * 64 }, (_, i) => Math.sin(i));
    const answers: Float32Array[] = [];
    for (const backend of [cuda, cudaBackend('f16')]) {
      const model = await backend.load(request);
      answers.push(Float32Array.from((await model.run({ pixels, size: 1 })).logits));
      await model.dispose();
    }
    const [single, half] = answers;
    const largest = Math.max(...single.map(Math.abs));
    const distance = Math.max(...half.map((logit, at) => Math.abs(logit - single[at]))) / largest;
    expect(distance).toBeLessThan(0.01);
    expect(distance).toBeGreaterThan(1e-5);
  });
} else {
  describe(`no CUDA here: ${probe.reason}`, () => {
    it.skip('is needed by the conformance suite', () => {});
  });
}
