import { densePlan, plainMambaSpec, randomWeights, referenceForward, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { cpuBackend } from './index.ts';

const vim = { width: 16, depth: 2, imageHeight: 16, imageWidth: 16, patchSize: 8, stride: 8, classes: 3 };
const plain = {
  width: 16,
  depth: 2,
  stemConvs: 1,
  stemWidth: 8,
  imageHeight: 16,
  imageWidth: 24,
  classes: 3,
};

describe('the form that a model says it runs in', () => {
  it.each([
    ['Vim, N = 8', vimSpec({ ...vim, stateSize: 8 }), 'segments'],
    ['Vim, N = 6, which the kernels do not take', vimSpec({ ...vim, stateSize: 6 }), 'whole-scan'],
    ['Vim, 9 taps', vimSpec({ ...vim, convKernel: 9 }), 'whole-scan'],
    ['PlainMamba, N = 8', plainMambaSpec({ ...plain, stateSize: 8 }), 'segments'],
    ['PlainMamba, N = 6', plainMambaSpec({ ...plain, stateSize: 6 }), 'whole-scan'],
    ['PlainMamba, an 11x11 convolution', plainMambaSpec({ ...plain, convKernel: 11 }), 'segments'],
    [
      'PlainMamba, 13x13, which the kernels do not take',
      plainMambaSpec({ ...plain, convKernel: 13 }),
      'whole-scan',
    ],
    [
      'PlainMamba, rows too long for them',
      plainMambaSpec({ ...plain, patchSize: 2, imageHeight: 14, imageWidth: 1030 }),
      'whole-scan',
    ],
    ['PlainMamba, a 17x17 convolution', plainMambaSpec({ ...plain, convKernel: 17 }), 'whole-scan'],
  ])('%s', async (_, spec, form) => {
    const weights = randomWeights(spec, 1);
    const pixels = Float32Array.from({ length: 3 * spec.imageHeight * spec.imageWidth }, (_, i) =>
      Math.sin(i),
    );
    for (const mode of ['throughput', 'latency'] as const) {
      const model = await cpuBackend({ form: 'segments', mode }).load({
        spec,
        weights,
        plan: densePlan,
        threads: 1,
      });
      const { logits } = await model.run({ pixels, size: 1 });
      await model.dispose();
      expect(model.form).toBe(form);
      const expected = referenceForward(spec, weights, densePlan, pixels).logits;
      // float32 through two blocks, logits around 1.
      for (const [c, logit] of expected.entries()) expect(logits[c]).toBeCloseTo(logit, 5);
    }
  });
});
