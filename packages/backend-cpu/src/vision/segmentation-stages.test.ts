/** UperNet's stage from stored taps. Tolerances are the golden data's own suggestions for float32. */
import type { UperNetSpec } from '@vssm/vision-tasks';
import { uperHeadStage, visionNames } from '@vssm/vision-tasks/graph';
import { goldenVision, plainMambaUperNetMicro, stored, vimVariants } from '@vssm/vision-tasks/test-support';
import { describe, expect, it } from 'vitest';
import { headInputs } from './segmenter.ts';
import { asTokens, expectWithin, runStage, storedTensor } from './test-support/golden-stage.ts';

describe('UperNet behind PlainMamba (S1)', async () => {
  const golden = await goldenVision('seg_plain');

  it('norms of the taps and the head, from the layers', async () => {
    const inputs = Object.fromEntries(
      [0, 1, 2, 3].map((i) => [visionNames.tap(i), storedTensor(golden, `b1.backbone.layer${i}.out`)]),
    );
    const { logits } = await runStage(uperHeadStage(plainMambaUperNetMicro, golden.weights), {
      ...inputs,
      ...headInputs(plainMambaUperNetMicro),
    });
    expect(logits.shape).toEqual([1, 11, 4, 6]);
    expectWithin(logits.data, stored(golden, 'b1.head_logits'), 3e-4, 'logits');
  });

  it('two images at once', async () => {
    // The layers of this case are not stored. A second norm with weight 1 and bias 0 leaves a normed row as it is,
    // up to its epsilon of 1e-6 on a variance of about 1: the taps stand in for the layers.
    const weights = new Map(golden.weights);
    for (const name of ['norm_layer0', 'norm_layer1', 'norm_layer2', 'ln1']) {
      for (const part of ['weight', 'bias']) {
        const tensor = weights.get(`backbone.${name}.${part}`)!;
        weights.set(`backbone.${name}.${part}`, {
          ...tensor,
          data: new Float32Array(tensor.data.length).fill(part === 'weight' ? 1 : 0),
        });
      }
    }
    const unnormed = (i: number) => {
      const name = i === 3 ? 'ln1' : `norm_layer${i}`;
      const tokens = asTokens(storedTensor(golden, `b2.tap${i}`));
      const scale = stored(golden, `model.backbone.${name}.weight`);
      const offset = stored(golden, `model.backbone.${name}.bias`);
      return { ...tokens, data: tokens.data.map((value, at) => (value - offset[at % 24]) / scale[at % 24]) };
    };
    const inputs = Object.fromEntries([0, 1, 2, 3].map((i) => [visionNames.tap(i), unnormed(i)]));
    const { logits } = await runStage(uperHeadStage(plainMambaUperNetMicro, golden.weights), {
      ...inputs,
      ...headInputs(plainMambaUperNetMicro),
    });
    expectWithin(logits.data, stored(golden, 'b2.head_logits'), 3e-4, 'logits');
  });
});

describe('UperNet behind Vim, neck included (S2)', async () => {
  const golden = await goldenVision('seg_vim');
  const complete = Object.entries(vimVariants).filter(([variant]) => golden.tensors.has(`${variant}.tap1`));

  it.each(complete)('%s', async (variant, spec: UperNetSpec) => {
    const inputs = Object.fromEntries(
      [0, 1, 2, 3].map((i) => [visionNames.tap(i), asTokens(storedTensor(golden, `${variant}.tap${i}`))]),
    );
    const { logits } = await runStage(uperHeadStage(spec, golden.weights), {
      ...inputs,
      ...headInputs(spec),
    });
    expectWithin(logits.data, stored(golden, `${variant}.head_logits`), 2e-4, 'logits');
  });

  it('holds for more than one variant', () => {
    expect(complete.length).toBe(4);
  });
});
