import { pruningPlan } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { averagedLogits, labelMap, type WindowLogits } from './label-map.ts';
import { visionReference } from './model/index.ts';
import { withInputSize } from './model/spec.ts';
import { expectClose, mapOf, parameterOf } from './test-support/expect-close.ts';
import {
  type GoldenVision,
  goldenVision,
  plainMambaUperNetMicro,
  stored,
  storedIntegers,
  vimVariants,
} from './test-support/golden.ts';
import { cutWindow, windowsOf } from './windows.ts';

const { bilinear, featureMap, plainMambaBlocks, plainMambaTaps, uperHead, vimBlocks, vimNeck, vimTaps } =
  visionReference;

const plan = pruningPlan({ schedule: [] });

describe('window places', () => {
  // What mmseg 0.23 visits with crop 512 and stride 341, y1 x1 y2 x2.
  it.each([
    [512, 512, [[0, 0, 512, 512]]],
    [
      512,
      513,
      [
        [0, 0, 512, 512],
        [0, 1, 512, 513],
      ],
    ],
    [
      512,
      853,
      [
        [0, 0, 512, 512],
        [0, 341, 512, 853],
      ],
    ],
    [
      512,
      854,
      [
        [0, 0, 512, 512],
        [0, 341, 512, 853],
        [0, 342, 512, 854],
      ],
    ],
    [
      683,
      512,
      [
        [0, 0, 512, 512],
        [171, 0, 683, 512],
      ],
    ],
    [
      300,
      700,
      [
        [0, 0, 300, 512],
        [0, 188, 300, 700],
      ],
    ],
    [512, 2048, [0, 341, 682, 1023, 1364, 1536].map((x) => [0, x, 512, x + 512])],
  ])('%ix%i', (height, width, expected) => {
    const windows = windowsOf({ mode: 'slide', crop: 512, stride: 341 }, { height, width });
    expect(windows.map(({ top, left, bottom, right }) => [top, left, bottom, right])).toEqual(expected);
  });
});

/** Windows through a small model, averaged, resized and labelled as stored. */
function slide(
  golden: GoldenVision,
  test: { readonly crop: number; readonly stride: number },
  forward: (window: visionReference.FeatureMap) => visionReference.FeatureMap,
) {
  const image = mapOf(golden, 'slide.input');
  const parts: WindowLogits[] = windowsOf({ mode: 'slide', ...test }, image).map((window) => {
    const cut = cutWindow(image, window);
    return { window, logits: forward(featureMap(cut.channels, cut.height, cut.width, cut.values)) };
  });
  const places = parts.flatMap(({ window: { top, left, bottom, right } }) => [top, left, bottom, right]);
  expect(places).toEqual(storedIntegers(golden, 'slide.windows'));

  const { classes, read } = averagedLogits(parts, image);
  const area = image.height * image.width;
  const averaged = new Float64Array(classes * area);
  const whole = { top: 0, left: 0, bottom: image.height, right: image.width };
  for (let c = 0; c < classes; c++) read(c, whole, averaged.subarray(c * area));
  return { image, parts, averaged: featureMap(classes, image.height, image.width, averaged) };
}

it('PlainMamba in windows of 32 every 21 (S1)', async () => {
  const golden = await goldenVision('seg_plain');
  const parameter = parameterOf(golden.weights);
  const { image, parts, averaged } = slide(golden, { crop: 32, stride: 21 }, (window) => {
    const { backbone, head } = withInputSize(plainMambaUperNetMicro, window.height, window.width);
    if (backbone.family !== 'plainmamba') throw new Error('the case is a PlainMamba');
    const context = { parameter, plan, sample: 0, observe: () => {} };
    const blocks = plainMambaBlocks(backbone.spec, parameter, 'none');
    return uperHead(parameter, head, plainMambaTaps(context, backbone, blocks, window));
  });
  expectClose(averaged.values, stored(golden, 'slide.logits_avg'), 'averaged');
  expectClose(bilinear(averaged, 37, 50).values, stored(golden, 'slide.logits_ori'), 'original size');
  const labels = labelMap(parts, image, { height: 37, width: 50 });
  expect([...labels]).toEqual(storedIntegers(golden, 'slide.argmax'));
});

it('Vim in windows of 64 every 42 (S2)', async () => {
  const golden = await goldenVision('seg_vim');
  const parameter = parameterOf(golden.weights);
  const { backbone, head } = vimVariants.rope;
  const { image, parts, averaged } = slide(golden, { crop: 64, stride: 42 }, (window) => {
    if (backbone.family !== 'vim') throw new Error('the case is a Vim');
    const context = { parameter, plan, sample: 0, observe: () => {} };
    const taps = vimTaps(context, backbone, vimBlocks(backbone.spec, parameter, plan), window);
    return uperHead(parameter, head, vimNeck(parameter, 16, taps));
  });
  const first = stored(golden, 'slide.logits_avg_class0_3');
  expectClose(averaged.values.subarray(0, first.length), first, 'averaged');
  const resized = stored(golden, 'slide.logits_ori_class0_2');
  expectClose(bilinear(averaged, 67, 91).values.subarray(0, resized.length), resized, 'original size');
  expect([...labelMap(parts, image, { height: 67, width: 91 })]).toEqual(
    storedIntegers(golden, 'slide.argmax'),
  );
});

describe('label maps from stored logits (S1)', async () => {
  const golden = await goldenVision('seg_plain');
  it.each([
    ['b1', 0, 64, 96, 64, 96],
    ['b2', 1, 64, 96, 64, 96],
    ['odd', 0, 60, 90, 45, 67],
  ])('%s', (name, index, height, width, originalHeight, originalWidth) => {
    const window = { top: 0, left: 0, bottom: height, right: width };
    const parts = [{ window, logits: mapOf(golden, `${name}.head_logits`, index) }];
    const labels = labelMap(parts, { height, width }, { height: originalHeight, width: originalWidth });
    const all = storedIntegers(golden, `${name}.argmax`);
    const start = index * labels.length;
    expect([...labels]).toEqual(all.slice(start, start + labels.length));
  });
});
