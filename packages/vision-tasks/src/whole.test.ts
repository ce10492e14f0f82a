/** Whole models in the float64 reference: image in, detections or label map out. */
import type { PruningPlan } from '@vssm/core';
import { pruningPlan } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { detectBoxes, detectWithMasks, padTo32 } from './detect.ts';
import { pasteMask } from './masks.ts';
import type { MaskRcnnSpec, UperNetSpec } from './model/spec.ts';
import { referenceMaskRcnn, referenceRetinaNet, referenceSegmenter } from './reference-stages.ts';
import { segmentImage } from './segment.ts';
import { expectClose, mapOf } from './test-support/expect-close.ts';
import {
  detectionImage,
  goldenRetinaNet,
  goldenVision,
  maskRcnnMicro,
  plainMambaUperNetMicro,
  retinaNetMicro,
  stored,
  storedIntegers,
  vimVariants,
} from './test-support/golden.ts';

const dense = pruningPlan({ schedule: [] });
const columns = (boxes: Float32Array, from: number, to: number) =>
  boxes.filter((_, i) => i % 5 >= from && i % 5 < to);

describe('Mask R-CNN (D1)', async () => {
  const golden = await goldenVision('det_mask_rcnn');
  const image = mapOf(golden, 'input');

  it('every detection with its class, score and every pixel of its mask', async () => {
    const stages = referenceMaskRcnn(maskRcnnMicro, golden.weights, dense);
    const found = await detectWithMasks(maskRcnnMicro, stages, image, detectionImage);
    const expected = stored(golden, 'det.boxes');
    expect([...found.labels]).toEqual(storedIntegers(golden, 'det.labels'));
    expectClose(found.boxes, columns(expected, 0, 4), 'boxes');
    expectClose(found.scores, columns(expected, 4, 5), 'scores');

    const original = { height: detectionImage.originalHeight, width: detectionImage.originalWidth };
    const packed = storedIntegers(golden, 'mask.pasted_packed');
    let different = 0;
    for (let i = 0; i < found.scores.length; i++) {
      const logits = found.masks.subarray(784 * i, 784 * (i + 1));
      const mask = pasteMask(logits, found.boxes.subarray(4 * i, 4 * i + 4), original, 0.5);
      for (const [pixel, own] of mask.entries()) {
        const bit = (packed[608 * i + (pixel >> 3)] >> (7 - (pixel & 7))) & 1;
        if (own !== bit) different++;
      }
    }
    expect(different).toBe(0);
  });

  it('answers nothing where nothing scores', async () => {
    const strict: MaskRcnnSpec = {
      ...maskRcnnMicro,
      detections: { ...maskRcnnMicro.detections, scoreThreshold: 1 },
    };
    const found = await detectWithMasks(
      strict,
      referenceMaskRcnn(strict, golden.weights, dense),
      image,
      detectionImage,
    );
    expect(found.scores.length).toBe(0);
    expect(found.masks.length).toBe(0);
  });
});

it('RetinaNet (D2)', async () => {
  const golden = await goldenRetinaNet();
  const image = mapOf(await goldenVision('det_mask_rcnn'), 'input');
  const stages = referenceRetinaNet(retinaNetMicro, golden.weights, dense);
  const found = await detectBoxes(retinaNetMicro, stages, image, detectionImage);
  const expected = stored(golden, 'retina.det.boxes');
  expect([...found.labels]).toEqual(storedIntegers(golden, 'retina.det.labels'));
  expectClose(found.boxes, columns(expected, 0, 4), 'boxes');
  expectClose(found.scores, columns(expected, 4, 5), 'scores');
});

describe('UperNet', async () => {
  const plain = await goldenVision('seg_plain');
  const vim = await goldenVision('seg_vim');

  it('PlainMamba, the whole image, brought to its original size (S1)', async () => {
    const stages = referenceSegmenter(plainMambaUperNetMicro, plain.weights, dense);
    const labels = await segmentImage(plainMambaUperNetMicro, stages, mapOf(plain, 'odd.input'), {
      height: 45,
      width: 67,
    });
    expect([...labels]).toEqual(storedIntegers(plain, 'odd.argmax'));
  });

  it('Vim, in windows (S2)', async () => {
    const spec = vimVariants.rope;
    const stages = referenceSegmenter(spec, vim.weights, dense);
    const labels = await segmentImage(spec, stages, mapOf(vim, 'slide.input'), { height: 67, width: 91 });
    expect([...labels]).toEqual(storedIntegers(vim, 'slide.argmax'));
  });
});

describe('pruned backbones', async () => {
  const plain = await goldenVision('seg_plain');
  const vim = await goldenVision('seg_vim');
  const logitsOf = async (spec: UperNetSpec, golden: typeof plain, name: string, plan: PruningPlan) =>
    (await referenceSegmenter(spec, golden.weights, plan).logits(mapOf(golden, name))).values;

  it('a step that keeps everything changes nothing', async () => {
    const all = { schedule: [{ after: 2, keep: 1 }] };
    for (const alignment of ['none', 'decay', 'mask'] as const) {
      const plan = pruningPlan({ ...all, alignment }, 'plainmamba');
      const own = await logitsOf(plainMambaUperNetMicro, plain, 'b1.input', plan);
      expect(own).toEqual(await logitsOf(plainMambaUperNetMicro, plain, 'b1.input', dense));
      const vimPlan = pruningPlan({ ...all, alignment }, 'vim');
      const turned = await logitsOf(vimVariants.rope_residual_add, vim, 'input', vimPlan);
      expectClose(turned, await logitsOf(vimVariants.rope_residual_add, vim, 'input', dense), 'Vim', 1e-12);
    }
  });

  it('a step after the last layer leaves the maps as they were: every cell holds its token', async () => {
    const plan = pruningPlan({ schedule: [{ after: 4, keep: 0.25 }] }, 'plainmamba');
    const own = await logitsOf(plainMambaUperNetMicro, plain, 'b1.input', plan);
    expect(own).toEqual(await logitsOf(plainMambaUperNetMicro, plain, 'b1.input', dense));
    for (const variant of ['norope', 'norope_residual_add'] as const) {
      const last = pruningPlan({ schedule: [{ after: 8, keep: 0.25 }] });
      const turned = await logitsOf(vimVariants[variant], vim, 'input', last);
      expect(turned).toEqual(await logitsOf(vimVariants[variant], vim, 'input', dense));
    }
  });

  it('gathering with decay stays nearer to masking than gathering without alignment', async () => {
    const of = (alignment: 'none' | 'decay' | 'mask') =>
      logitsOf(
        plainMambaUperNetMicro,
        plain,
        'b1.input',
        pruningPlan({ schedule: [{ after: 2, keep: 0.5 }], alignment }, 'plainmamba'),
      );
    const [none, decay, mask] = [await of('none'), await of('decay'), await of('mask')];
    const distance = (a: ArrayLike<number>) =>
      Array.from(mask).reduce((sum, value, i) => sum + (value - a[i]) ** 2, 0);
    expect(distance(decay)).toBeLessThan(distance(none));
    expect(distance(decay)).toBeGreaterThan(0);
  });
});

it('padding adds zeros at the bottom and the right', () => {
  const padded = padTo32({ channels: 1, height: 1, width: 33, values: new Float32Array(33).fill(1) });
  expect([padded.height, padded.width]).toEqual([32, 64]);
  expect(padded.values.subarray(0, 34)).toEqual(
    Float32Array.from({ length: 34 }, (_, i) => (i < 33 ? 1 : 0)),
  );
});
