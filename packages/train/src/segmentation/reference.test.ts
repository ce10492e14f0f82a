/** The float64 gradient of an UperNet against finite differences, and its forward pass against the project's reference. */
import type { PlainMambaSpec } from '@vssm/families';
import { type UperNetSpec, visionParameters, visionReference, visionTensors } from '@vssm/vision-tasks';
import { describe, expect, it } from 'vitest';
import type { ReferenceGradient } from '../reference/gradients.ts';
import { trainingTask } from '../tasks.ts';
import { randomImage } from '../test-support/made-up.ts';
import {
  livelySegmenter,
  pixelTargets,
  segmenterPlans,
  smallUperNet,
} from '../test-support/made-up-segmenter.ts';

const plain = (spec: UperNetSpec) => spec.backbone.spec as PlainMambaSpec;

function imagesOf(spec: UperNetSpec, seed: number, count: number) {
  const samples = Array.from({ length: count }, (_, i) => seed + i);
  const { imageHeight, imageWidth } = spec.backbone.spec;
  return {
    images: samples.map((sample) => randomImage(plain(spec), sample)),
    targets: samples.map((sample) => pixelTargets(imageHeight * imageWidth, spec.head.classes, sample)),
    samples,
  };
}

function sameKept(a: ReferenceGradient, b: ReferenceGradient): boolean {
  return a.kept.every((own, image) =>
    [...own].every(([block, positions]) =>
      positions.every((position, i) => position === b.kept[image].get(block)![i]),
    ),
  );
}

/** What a tap's cells come from; all plans are held to the reference below, and their layers' slopes elsewhere. */
const different = ['dense', 'decay', 'mask', 'steps at every place'];

describe('the float64 gradient of an UperNet', () => {
  for (const name of different) {
    const plan = segmenterPlans[name];
    it(`is the slope of the loss: ${name}`, () => {
      const spec = smallUperNet();
      const parameters = livelySegmenter(spec, 3);
      const images = imagesOf(spec, 5, 2);
      const task = trainingTask(spec);
      const result = task.reference(parameters, plan, images);
      let checked = 0;
      // Every parameter, along its gradient with some other direction mixed in.
      for (const parameter of visionParameters(spec).keys()) {
        const values = parameters.get(parameter)!;
        const gradient = result.gradients.get(parameter)!;
        const norm = Math.sqrt(gradient.reduce((sum, slope) => sum + slope * slope, 0));
        const direction = gradient.map((slope, i) => slope / (norm + 1e-30) + 0.3 * Math.sin(i + 3));
        const before = values.slice();
        const at = (step: number) => {
          for (const [i, value] of before.entries()) values[i] = value + step * direction[i];
          const moved = task.reference(parameters, plan, images);
          // A selection that flips inside the step would make the difference meaningless.
          return sameKept(result, moved) ? moved.loss : Number.NaN;
        };
        const step = 2e-5 / Math.sqrt(values.length);
        const slope = (at(step) - at(-step)) / (2 * step);
        values.set(before);
        if (Number.isNaN(slope)) continue;
        const expected = gradient.reduce((sum, value, i) => sum + value * direction[i], 0);
        // 1e-5 relative; losses are exact to 1e-16 and BatchNorms bend, so slopes to about 1e-9.
        expect(Math.abs(slope - expected), parameter).toBeLessThan(1e-5 * Math.abs(expected) + 1e-8);
        checked++;
      }
      expect(checked).toBeGreaterThan(visionParameters(spec).size / 2);
    });
  }

  it('has the shape of every parameter, and statistics that of every buffer', () => {
    const spec = smallUperNet();
    const images = imagesOf(spec, 1, 2);
    const { gradients, statistics } = trainingTask(spec).reference(
      livelySegmenter(spec, 1),
      segmenterPlans.decay,
      images,
    );
    const sizes = [...visionTensors(spec)].map(([name, shape]) => [name, shape.reduce((a, b) => a * b, 1)]);
    const got = [...gradients, ...statistics].map(([name, { length }]) => [name, length]);
    expect(got.sort()).toEqual(sizes.sort());
  });
});

describe('the forward pass of its gradient', () => {
  const { plainMambaBlocks, plainMambaTaps, uperHead, bilinear } = visionReference;

  for (const [name, plan] of Object.entries(segmenterPlans)) {
    it(`is the reference’s: ${name}`, () => {
      const spec = smallUperNet();
      const { imageHeight: height, imageWidth: width } = plain(spec);
      const images = imagesOf(spec, 7, 1);
      const parameters = livelySegmenter(spec, 3);
      const { logits, statistics } = trainingTask(spec).reference(parameters, plan, images);
      // In float64 all the same.
      const parameter = (own: string) => value64(own) as unknown as Float32Array;
      const value64 = (own: string): Float64Array => {
        const statistic = statistics.get(own);
        if (statistic === undefined) return parameters.get(own)!;
        // Running variances are unbiased ones; a layer in training normalises by the biased one.
        if (!own.endsWith('running_var')) return statistic;
        const rows = rowsOf(spec, own);
        return statistic.map((value) => (value * (rows - 1)) / rows);
      };
      const run = { parameter, plan, sample: 7, observe: () => {} };
      if (spec.backbone.family !== 'plainmamba') throw new Error('made up otherwise');
      const blocks = plainMambaBlocks(spec.backbone.spec, parameter, plan.alignment, () => {});
      const image = { channels: 1, height, width, values: Float64Array.from(images.images[0]) };
      const taps = plainMambaTaps(run, spec.backbone, blocks, image);
      const want = bilinear(uperHead(parameter, spec.head, taps), height, width);
      // Pixels first here, classes first there. Two orders of summation of the same float64 numbers.
      const { classes } = spec.head;
      for (const [i, value] of logits[0].entries()) {
        const there = want.values[(i % classes) * height * width + Math.floor(i / classes)];
        expect(Math.abs(value - there)).toBeLessThan(1e-10);
      }
    });
  }
});

/** Rows that a BatchNorm goes by, of one image. */
function rowsOf(spec: UperNetSpec, name: string): number {
  const { imageHeight, imageWidth, patchSize } = plain(spec);
  const [, scale] = /psp_modules\.(\d)/.exec(name) ?? [];
  if (scale !== undefined) return Math.max(2, spec.head.poolScales[Number(scale)] ** 2);
  if (name.includes('patch_embed')) return Math.ceil(imageHeight / 2) * Math.ceil(imageWidth / 2);
  return Math.ceil(imageHeight / patchSize) * Math.ceil(imageWidth / patchSize);
}
