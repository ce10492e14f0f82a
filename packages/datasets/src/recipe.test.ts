import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './codec.ts';
import { fromGrey } from './image.ts';
import { openImageFolder } from './image-files.ts';
import { normalise } from './normalise.ts';
import { applyRecipe, centreCrop, recipeFor, recipes, shorterSideTo } from './recipe.ts';
import { sha256, temporaryFolder, testdata, testJson } from './test-support/test-data.ts';

interface PreprocessCase {
  readonly input: string;
  readonly expected: string;
  readonly source_size: readonly [number, number];
  readonly decoded_rgb_sha256: string;
  readonly normalised_mean: number;
  readonly normalised_std: number;
}

const { cases } = testJson<{ readonly cases: readonly PreprocessCase[] }>('preprocess/manifest.json');
const upright = testJson<
  readonly { readonly input: string; readonly decoded: readonly number[]; readonly sha256: string }[]
>('opencv/classification.json');
const vim = recipes['vim-imagenet'];

const read = (name: string) => decodeImage(readFileSync(testdata(`preprocess/${name}`)), name);

describe('vim-imagenet', () => {
  it('is tested on six pictures', () => expect(cases).toHaveLength(6));

  it.each(cases)('turns $input into the pixels of Pillow and torchvision', async (given) => {
    const decoded = await read(given.input);
    expect([decoded.width, decoded.height]).toEqual(given.source_size);
    expect(sha256(decoded.data)).toBe(given.decoded_rgb_sha256);

    const image = applyRecipe(decoded, vim);
    const expected = await read(given.expected);
    expect([image.width, image.height]).toEqual([224, 224]);
    expect(Buffer.compare(image.data, expected.data)).toBe(0);

    // The reference was normalised in float64, this in float32: three roundings of values up to 2.7, each at most
    // half of 2^-22, so the mean of all pixels is off by less than 3.6e-7 (1e-7 seen, their signs cancelling).
    const pixels = normalise(image, vim);
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length;
    expect(Math.abs(mean - given.normalised_mean)).toBeLessThan(3.6e-7);
    expect(Math.abs(Math.sqrt(variance) - given.normalised_std)).toBeLessThan(3.6e-7);
  });
});

describe('plainmamba-imagenet', () => {
  it.each(upright)(
    'turns $input into the pixels of OpenCV and Pillow',
    async ({ input, decoded, sha256: expected }) => {
      const recipe = recipes['plainmamba-imagenet'];
      const image = await decodeImage(readFileSync(testdata(input)), input, recipe.decoder);
      expect([image.width, image.height]).toEqual(decoded);
      expect(sha256(applyRecipe(image, recipe).data)).toBe(expected);
    },
  );

  it('reads a data set so, and vim-imagenet reads it as Pillow does', async () => {
    const files = ['preprocess/coffee_exif_prog.jpg', 'preprocess/chelsea_cmyk.jpg'];
    const dir = temporaryFolder(
      Object.fromEntries(files.map((file, index) => [`${index}.jpg`, readFileSync(testdata(file))])),
    );
    const plainMamba = await openImageFolder(dir, { recipe: 'plainmamba-imagenet' });
    const vimData = await openImageFolder(dir, { recipe: 'vim-imagenet' });
    for (const [index, file] of files.entries()) {
      const expected = upright.find(({ input }) => input === file)!.sha256;
      expect(sha256((await plainMamba.preview(index)).data)).toBe(expected);
      expect(sha256((await vimData.preview(index)).data)).not.toBe(expected);
    }
  });
});

describe('normalise', () => {
  it('divides, subtracts and divides in float32, channel by channel', () => {
    const image = { width: 2, height: 1, data: Uint8Array.of(0, 128, 255, 1, 2, 3) };
    const f = Math.fround;
    const one = (level: number, channel: number) =>
      f(f(f(level / 255) - f(vim.mean[channel])) / f(vim.std[channel]));
    expect(Array.from(normalise(image, vim))).toEqual([
      one(0, 0),
      one(1, 0),
      one(128, 1),
      one(2, 1),
      one(255, 2),
      one(3, 2),
    ]);
    expect(one(0, 0)).toBeCloseTo(-2.117904, 6);
  });

  it('gives one plane for a recipe of one channel', () => {
    const pixels = normalise(fromGrey(1, 2, Uint8Array.of(0, 255)), recipes['fashion-mnist']);
    expect(pixels).toHaveLength(2);
    expect(pixels[0]).toBeCloseTo(-0.286 / 0.353, 6);
    expect(pixels[1]).toBeCloseTo(0.714 / 0.353, 6);
  });
});

describe('applyRecipe', () => {
  it('leaves a 28x28 grey picture as it is under fashion-mnist', () => {
    const image = fromGrey(
      28,
      28,
      Uint8Array.from({ length: 784 }, (_, pixel) => (pixel * 7) % 256),
    );
    expect(applyRecipe(image, recipes['fashion-mnist'])).toEqual(image);
  });

  it('makes a photograph grey, small and square under fashion-mnist', async () => {
    const { width, height, data } = applyRecipe(await read('coffee444.jpg'), recipes['fashion-mnist']);
    expect([width, height]).toEqual([28, 28]);
    expect(data.every((value, at) => value === data[at - (at % 3)])).toBe(true);
  });
});

describe('recipeFor', () => {
  it.each([
    [undefined, 256, 224],
    [224, 256, 224],
    [384, 438, 384],
    [448, 512, 448],
    [64, 73, 64],
  ])('image size %s: shorter side %d, crop %d', (size, resize, crop) => {
    expect(recipeFor('vim-imagenet', size)).toMatchObject({ resize, crop });
  });

  it('keeps the crop ratio of VideoMamba’s larger images, and Mamba-Reg’s shorter side is the crop', () => {
    expect(recipeFor('vim-imagenet', 576)).toMatchObject({ resize: 658, crop: 576 });
    expect(recipeFor('mambareg-imagenet')).toMatchObject({ resize: 224, crop: 224 });
    expect(recipeFor('mambareg-imagenet', 384)).toMatchObject({ resize: 384, crop: 384 });
  });

  it.each([0, -1, 1.5, 5000, Number.NaN])('refuses image size %d', (size) => {
    expect(() => recipeFor('vim-imagenet', size)).toThrow(`image size ${size}: expected a whole number`);
  });

  it('lists the recipes when a name is unknown', () => {
    expect(() => recipeFor('resnet')).toThrow(
      'recipe "resnet": expected one of vim-imagenet, plainmamba-imagenet, mambareg-imagenet, fashion-mnist',
    );
  });
});

describe('rounding', () => {
  it("rounds the longer side down, as torchvision's Resize does", () => {
    expect(shorterSideTo(256, 500, 375)).toEqual({ width: 341, height: 256 });
    expect(shorterSideTo(256, 375, 500)).toEqual({ width: 256, height: 341 });
    expect(shorterSideTo(256, 300, 300)).toEqual({ width: 256, height: 256 });
  });

  it.each([
    [341, 58],
    [339, 58],
    [337, 56],
    [256, 16],
    [224, 0],
    [225, 0],
  ])("starts the crop of %d pixels at %d, as Python's round does", (length, start) => {
    expect(centreCrop(224, length, 224)).toMatchObject({ left: start, top: 0 });
  });
});
