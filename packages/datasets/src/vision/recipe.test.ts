import { readFileSync } from 'node:fs';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../codec.ts';
import { normalise } from '../normalise.ts';
import { testdata, testJson } from '../test-support/test-data.ts';
import { applyVisionRecipe, prepare, sizeWithin, visionRecipeFor, visionRecipes } from './recipe.ts';

interface PipelineSizes {
  readonly det: readonly (readonly number[])[];
  readonly seg: readonly (readonly number[])[];
}

interface Golden {
  readonly input: string;
  readonly expected: string;
  readonly scale_limits: readonly [number, number];
  readonly original_wh: readonly [number, number];
  readonly scale_factor: readonly [number, number];
}

const sizes = testJson<PipelineSizes>('pipeline-sizes.json');
const { cases } = testJson<{ cases: readonly Golden[] }>('preprocess/cv2/manifest.json');
const grey = (width: number, height: number) => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(128),
});

describe('sizes', () => {
  it.each(sizes.det)('detection: %dx%d becomes %dx%d, padded to %dx%d', (...row) => {
    const [width, height, scaledWidth, scaledHeight, paddedWidth, paddedHeight, x, y] = row;
    const prepared = prepare(grey(width, height), visionRecipes['plainmamba-coco'], 'x');
    expect(prepared).toMatchObject({
      width: paddedWidth,
      height: paddedHeight,
      scaled: { width: scaledWidth, height: scaledHeight },
      original: { width, height },
    });
    expect(prepared.pixels).toHaveLength(3 * paddedWidth * paddedHeight);
    // Both are the nearest float32; the table's are printed as such.
    expect(prepared.scaleFactor).toEqual([x, y]);
  });

  it.each(sizes.seg)('segmentation: %dx%d becomes %dx%d, then %dx%d', (...row) => {
    const [width, height, scaledWidth, scaledHeight, alignedWidth, alignedHeight] = row;
    const image = grey(width, height);
    expect(sizeWithin(visionRecipes['vim-ade20k'].limits, image, 'x')).toEqual({
      width: scaledWidth,
      height: scaledHeight,
    });
    expect(prepare(image, visionRecipes['plainmamba-ade20k'], 'x')).toMatchObject({
      width: alignedWidth,
      height: alignedHeight,
      scaled: { width: alignedWidth, height: alignedHeight },
    });
  });

  it('names a needle whose short side would vanish', () => {
    const needle = { width: 1, height: 5000 };
    expect(() => sizeWithin({ long: 1333, short: 800 }, needle, 'a.jpg')).toThrow(
      'image a.jpg: 5000x1 has no pixel left within 800x1333',
    );
  });
});

describe('pixels', () => {
  it.each(cases)('are those of OpenCV within $scale_limits: $expected', async (given) => {
    const [long, short] = given.scale_limits;
    const read = (name: string) => decodeImage(readFileSync(testdata(`preprocess/${name}`)), name, 'opencv');
    const original = await read(given.input);
    expect([original.width, original.height]).toEqual(given.original_wh);
    const recipe = visionRecipeFor('plainmamba-coco', { long, short });
    const image = applyVisionRecipe(original, recipe, given.input);
    expect(image).toEqual(await read(`cv2/${given.expected}`));

    const { pixels, height, width, scaleFactor } = prepare(original, recipe, given.input);
    expect([height % 32, width % 32]).toEqual([0, 0]);
    expect(scaleFactor).toEqual(given.scale_factor.map(Math.fround));
    expect(pixels).toEqual(normalise(image, recipe, height, width));
  });

  it('are scaled twice for PlainMamba on ADE20K', async () => {
    const bytes = readFileSync(testdata('preprocess/chelsea.jpg'));
    const image = applyVisionRecipe(
      await decodeImage(bytes, 'chelsea.jpg'),
      visionRecipeFor('plainmamba-ade20k', { long: 300, short: 100 }),
      'chelsea.jpg',
    );
    expect([image.width, image.height]).toEqual([160, 128]);
  });
});

describe('visionRecipeFor', () => {
  it.each([
    [{ long: 800, short: 1333 }, 'limits 800,1333: expected the longer side'],
    [{ long: 100, short: 0 }, 'limits 100,0'],
    [{ long: 20_000, short: 800 }, 'limits 20000,800'],
    [{ long: 100.5, short: 80 }, 'limits 100.5,80'],
  ])('refuses %o', (limits, message) => {
    expect(() => visionRecipeFor('plainmamba-coco', limits)).toThrow(UserError);
    expect(() => visionRecipeFor('plainmamba-coco', limits)).toThrow(message);
  });

  it('lists the recipes when a name is unknown', () => {
    expect(() => visionRecipeFor('yolo')).toThrow(
      'expected one of plainmamba-coco, plainmamba-ade20k, vim-ade20k',
    );
  });
});
