import { DeviceError, referenceBackend } from '@vssm/backend';
import { describeConformance } from '@vssm/backend/test-support';
import { densePlan, randomWeights, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { webgpuNodeBackend as backendIn } from './backend.ts';
import { named } from './ort.ts';
import { useSoftwareVulkan } from './test-support/vulkan.ts';

describe('an error of the provider', () => {
  it.each([
    [
      '…/webgpu_context.cc:136 … was false. Failed to get a WebGPU adapter: No supported adapters\n',
      'no-adapter',
    ],
    ['WebGPU device lost (1): Device was destroyed.', 'device-lost'],
    ['Failed to run: Out of memory', 'out-of-memory'],
  ] as const)('"%s" is %s', (text, kind) => {
    const error = named(new Error(text));
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ kind });
  });

  it('of another kind stays as it is', () => {
    const error = new Error('Invalid dimensions');
    expect(named(error)).toBe(error);
  });

  it('without adapter says only what matters, and what to do', () => {
    const text =
      'very/long/path.cc:136 Initialize(…) status was false. Failed to get a WebGPU adapter: No supported adapters';
    expect(named(new Error(text)).message).toMatch(
      /^no WebGPU adapter for Node: Failed to get a WebGPU adapter: No supported adapters; /,
    );
  });
});

const small = {
  ...{ imageHeight: 8, imageWidth: 8, inChannels: 1, patchSize: 4, stride: 4 },
  ...{ width: 16, depth: 2, stateSize: 4, classes: 3 },
};

useSoftwareVulkan();
const webgpuNodeBackend = backendIn();
const probe = await webgpuNodeBackend.probe();
if (probe.available) {
  // float32 against float64: the golden data's own float32 run differs from its float64 run by up to 3e-6.
  const tolerance = { golden: 2e-5, relative: 1e-5 };
  // A software adapter compiles every new kernel for seconds; the graph's options are tested on the CPU one by one.
  it("runs a model's matrix products alone, until it is disposed of", async () => {
    const floor = await webgpuNodeBackend.loadMatmulFloor!(vimSpec(small), densePlan);
    await floor.run(1);
    await floor.run(3);
    await floor.dispose();
    await expect(floor.run(1)).rejects.toThrow();
  });

  it('computes products in half precision, or says that the adapter does not', async () => {
    const half = backendIn('f16');
    const answer = await half.probe();
    if (!answer.available) {
      expect(answer.reason).toMatch(/^the WebGPU adapter does no half precision: .*f16/);
      return;
    }
    const request = { spec: vimSpec(small), weights: randomWeights(vimSpec(small)), plan: densePlan };
    const pixels = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
    const [exact, single, rounded] = await Promise.all(
      [referenceBackend, webgpuNodeBackend, half].map(async (backend) => {
        const model = await backend.load(request);
        const { logits } = await model.run({ pixels, size: 1 });
        await model.dispose();
        return Float64Array.from(logits);
      }),
    );
    const largest = Math.max(...exact.map(Math.abs));
    const distance = (logits: Float64Array) =>
      Math.max(...logits.map((logit, at) => Math.abs(logit - exact[at]))) / largest;
    expect(distance(rounded)).toBeLessThan(0.01);
    expect(distance(rounded)).toBeGreaterThan(10 * distance(single));
  });

  await describeConformance('webgpu-node', webgpuNodeBackend, tolerance, { everyOption: 3, merges: false });
} else {
  const required = process.env.CI_REQUIRE_BROWSER === '1';
  describe(`no WebGPU adapter: ${probe.reason}`, () => {
    it.skipIf(!required)('is needed by the conformance suite', () => expect.fail(probe.reason));
  });
}
