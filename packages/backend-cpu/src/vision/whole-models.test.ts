/**
 * Whole detectors and segmenters on the CPU, dense against golden data and pruned against the float64 reference.
 * The golden data suggest 3e-4 for features and logits, 5e-3 pixels for boxes and 2e-4 for scores in float32.
 */
import { alignments, type PruningPlan, type PruningStep } from '@vssm/core';
import { plainMambaSpec, pruningPlan } from '@vssm/families';
import {
  type Detections,
  detectBoxes,
  detectWithMasks,
  type NumberMap,
  pasteMask,
  randomVisionWeights,
  referenceMaskRcnn,
  referenceSegmenter,
  segmentImage,
  type UperNetSpec,
} from '@vssm/vision-tasks';
import {
  detectionImage,
  type GoldenVision,
  goldenRetinaNet,
  goldenVision,
  maskRcnnMicro,
  plainMambaUperNetMicro,
  retinaNetMicro,
  stored,
  storedIntegers,
  vimVariants,
} from '@vssm/vision-tasks/test-support';
import { describe, expect, it } from 'vitest';
import { CpuDetector } from './detector.ts';
import { rowsOfLevel } from './level-rows.ts';
import { CpuSegmenter } from './segmenter.ts';
import { asTokens, expectWithin } from './test-support/golden-stage.ts';

const dense = pruningPlan({ schedule: [] });
const options = { threads: 1 };

function imageOf(golden: GoldenVision, name: string): NumberMap {
  const [, channels, height, width] = golden.tensors.get(name)!.shape;
  const values = stored(golden, name).subarray(0, channels * height * width);
  return { channels, height, width, values };
}

const maskRcnn = await goldenVision('det_mask_rcnn');
const retina = await goldenRetinaNet();
const plain = await goldenVision('seg_plain');
const vim = await goldenVision('seg_vim');

const boxesOf = (five: Float32Array) => five.filter((_, i) => i % 5 < 4);
const scoresOf = (five: Float32Array) => five.filter((_, i) => i % 5 === 4);

/** For each detection, the place of the stored one with its class, its box to 5e-3 pixels and its score to 2e-4. */
function matched(found: Detections, boxes: Float32Array, labels: readonly number[]): number[] {
  return [...found.labels].map((label, i) => {
    const own = [...found.boxes.subarray(4 * i, 4 * i + 4)];
    return labels.findIndex(
      (other, j) =>
        other === label &&
        own.every((coordinate, k) => Math.abs(coordinate - boxes[5 * j + k]) < 5e-3) &&
        Math.abs(found.scores[i] - boxes[5 * j + 4]) < 2e-4,
    );
  });
}

describe('dense', () => {
  it('Mask R-CNN (D1): the same detections and masks', async () => {
    const detector = await CpuDetector.create(maskRcnnMicro, maskRcnn.weights, dense, options);
    const found = await detectWithMasks(maskRcnnMicro, detector, imageOf(maskRcnn, 'input'), detectionImage);
    await detector.dispose();
    // Some scores are 2e-6 apart, so float32 may swap neighbours: every detection must be there, once.
    const places = matched(found, stored(maskRcnn, 'det.boxes'), storedIntegers(maskRcnn, 'det.labels'));
    expect(new Set(places).size).toBe(100);
    for (const [i, place] of places.entries()) expect(Math.abs(i - place)).toBeLessThanOrEqual(1);

    const original = { height: detectionImage.originalHeight, width: detectionImage.originalWidth };
    const packed = storedIntegers(maskRcnn, 'mask.pasted_packed');
    let different = 0;
    for (const [i, place] of places.entries()) {
      const logits = found.masks.subarray(784 * i, 784 * (i + 1));
      const mask = pasteMask(logits, found.boxes.subarray(4 * i, 4 * i + 4), original, 0.5);
      let [shared, either] = [0, 0];
      for (const [pixel, own] of mask.entries()) {
        const bit = (packed[608 * place + (pixel >> 3)] >> (7 - (pixel & 7))) & 1;
        shared += own & bit;
        either += own | bit;
        different += own ^ bit;
      }
      if (either > 0) expect(shared / either).toBeGreaterThanOrEqual(0.999);
    }
    // 113 pixels of the 100 masks have a probability within 2e-3 of the threshold.
    expect(different).toBeLessThan(113);
  });

  it('RetinaNet (D2): the same detections', async () => {
    const detector = await CpuDetector.create(retinaNetMicro, retina.weights, dense, options);
    const found = await detectBoxes(retinaNetMicro, detector, imageOf(maskRcnn, 'input'), detectionImage);
    await detector.dispose();
    const expected = stored(retina, 'retina.det.boxes');
    expect([...found.labels]).toEqual(storedIntegers(retina, 'retina.det.labels'));
    expectWithin(found.boxes, boxesOf(expected), 5e-3, 'boxes');
    expectWithin(found.scores, scoresOf(expected), 2e-4, 'scores');
  });

  it('PlainMamba, UperNet (S1): logits and label maps of images of several sizes', async () => {
    const segmenter = await CpuSegmenter.create(plainMambaUperNetMicro, plain.weights, dense, options);
    for (const [name, height, width] of [
      ['b1', 64, 96],
      ['odd', 45, 67],
    ] as const) {
      const image = imageOf(plain, `${name}.input`);
      const logits = await segmenter.logits(image);
      expectWithin(logits.values, stored(plain, `${name}.head_logits`), 3e-4, name);
      const labels = await segmentImage(plainMambaUperNetMicro, segmenter, image, { height, width });
      expect([...labels]).toEqual(storedIntegers(plain, `${name}.argmax`));
    }
    await segmenter.dispose();
  });

  it.each(Object.entries(vimVariants))('Vim, UperNet (S2): %s', async (variant, spec: UperNetSpec) => {
    const segmenter = await CpuSegmenter.create(spec, vim.weights, dense, options);
    const { values } = await segmenter.logits(imageOf(vim, 'input'));
    await segmenter.dispose();
    const expected = stored(vim, `${variant}.head_logits`);
    expectWithin(values, expected.subarray(0, expected.length / 2), 2e-4, variant);
  });

  it('Vim in windows (S2)', async () => {
    const spec = vimVariants.rope;
    const segmenter = await CpuSegmenter.create(spec, vim.weights, dense, options);
    const labels = await segmentImage(spec, segmenter, imageOf(vim, 'slide.input'), {
      height: 67,
      width: 91,
    });
    await segmenter.dispose();
    expect([...labels]).toEqual(storedIntegers(vim, 'slide.argmax'));
  });
});

describe('pruned', () => {
  const schedule: PruningStep[] = [
    { after: 1, keep: 0.7 },
    { after: 3, keep: 0.6 },
  ];
  const plans = (family: 'vim' | 'plainmamba'): [string, PruningPlan][] => [
    ...alignments.map((alignment): [string, PruningPlan] => [
      alignment,
      pruningPlan({ schedule, alignment }, family),
    ]),
    ['ssm, l2', pruningPlan({ schedule, signal: 'ssm', reduce: 'l2' }, family)],
    ['evit', pruningPlan({ schedule, signal: 'evit' }, family)],
    ['random', pruningPlan({ schedule, signal: 'random', seed: 3 }, family)],
  ];
  const vimOnly: [string, PruningPlan][] = [
    ['gated-backward, mirrored', pruningPlan({ schedule, signal: 'gated-backward', order: 'mirrored' })],
    ['compact convolution', pruningPlan({ schedule, alignment: 'none', conv: 'compact' })],
  ];

  /** Largest difference of the logits, and that pruning changed them at all. */
  async function expectLikeReference(
    spec: UperNetSpec,
    golden: GoldenVision,
    image: NumberMap,
    plan: PruningPlan,
  ) {
    const steps: number[] = [];
    const kept = (after: number) => steps.push(after);
    const segmenter = await CpuSegmenter.create(spec, golden.weights, plan, { ...options, kept }, 5);
    const { values } = await segmenter.logits(image);
    await segmenter.dispose();
    expect(steps).toEqual([1, 3]);
    const reference = await referenceSegmenter(spec, golden.weights, plan, 5).logits(image);
    expectWithin(values, reference.values, 3e-4, 'logits');
    const whole = await referenceSegmenter(spec, golden.weights, dense).logits(image);
    expect(
      Math.max(...whole.values.map((value, i) => Math.abs(value - reference.values[i]))),
    ).toBeGreaterThan(0.01);
  }

  it.each(plans('plainmamba'))('PlainMamba, UperNet: %s', (_, plan) =>
    expectLikeReference(plainMambaUperNetMicro, plain, imageOf(plain, 'b1.input'), plan),
  );

  it.each([...plans('vim'), ...vimOnly])('Vim, UperNet, residual taps and rope: %s', (_, plan) =>
    expectLikeReference(vimVariants.rope_residual_add, vim, imageOf(vim, 'input'), plan),
  );

  it.each(plans('vim').slice(0, 3))('Vim, UperNet, mixer taps: %s', (_, plan) =>
    expectLikeReference(vimVariants.norope, vim, imageOf(vim, 'input'), plan),
  );

  it.each(plans('plainmamba').slice(0, 3))("Mask R-CNN's pyramid: %s", async (_, plan) => {
    const image = imageOf(maskRcnn, 'input');
    const detector = await CpuDetector.create(maskRcnnMicro, maskRcnn.weights, plan, options);
    const levels = (await detector.pyramid(image)).map((level) => rowsOfLevel(level).data.slice());
    await detector.dispose();
    const expected = await referenceMaskRcnn(maskRcnnMicro, maskRcnn.weights, plan).pyramid(image);
    for (const [i, level] of levels.entries()) {
      const { channels, height, width, values } = expected[i];
      const map = { data: Float32Array.from(values), shape: [1, channels, height, width] };
      expectWithin(level, asTokens(map).data, 3e-4, `p${i}`);
    }
  });

  it('two threads, which share the channels of a wider model', async () => {
    const spec: UperNetSpec = {
      ...plainMambaUperNetMicro,
      backbone: {
        family: 'plainmamba',
        spec: plainMambaSpec({
          width: 64,
          depth: 3,
          stemConvs: 1,
          depthwiseLayers: [1],
          positionRows: 3,
          positionColumns: 3,
        }),
        taps: [0, 1, 2],
      },
    };
    const weights = randomVisionWeights(spec, 4);
    const image = imageOf(plain, 'odd.input');
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.6 }] }, 'plainmamba');
    const segmenter = await CpuSegmenter.create(spec, weights, plan, { threads: 2 });
    const { values } = await segmenter.logits(image);
    await segmenter.dispose();
    const expected = await referenceSegmenter(spec, weights, plan).logits(image);
    expectWithin(values, expected.values, 3e-4, 'logits');
  });
});
