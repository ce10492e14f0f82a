import { readFileSync } from 'node:fs';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { decodeImage, encodePng, maxPixels, pictureSize } from './codec.ts';
import { toGrey } from './image.ts';
import { sha256, testdata, testJson } from './test-support/test-data.ts';

interface PillowCases {
  readonly decoded: readonly { file: string; width: number; height: number; sha256: string }[];
  readonly luma: readonly { input: string; sha256: string }[];
}

const { decoded, luma } = testJson<PillowCases>('pillow/cases.json');
const opencv = testJson<{
  readonly decoded: readonly { input: string; width: number; height: number; sha256: string }[];
}>('opencv/cases.json');
const jpeg = readFileSync(testdata('preprocess/astronaut_small.jpg'));
const png = readFileSync(testdata('pillow/rgba.png'));

describe('decodeImage', () => {
  it.each(decoded)('decodes $file as Pillow does', async ({ file, width, height, sha256: expected }) => {
    const image = await decodeImage(readFileSync(testdata(`pillow/${file}`)), file);
    expect([image.width, image.height]).toEqual([width, height]);
    expect(sha256(image.data)).toBe(expected);
  });

  it.each(opencv.decoded)('decodes $input as OpenCV does, if asked', async (given) => {
    const bytes = readFileSync(testdata(given.input));
    const image = await decodeImage(bytes, given.input, 'opencv');
    expect([image.width, image.height]).toEqual([given.width, given.height]);
    expect(sha256(image.data)).toBe(given.sha256);
    expect(await pictureSize(bytes, given.input)).toEqual({ width: given.width, height: given.height });
  });

  it('goes by the contents, not by the name', async () => {
    const image = await decodeImage(png, 'ILSVRC2012_val_00000001.JPEG');
    expect(image.width).toBe(45);
  });

  it.each([
    ['jpeg', jpeg.length >> 1],
    ['jpeg', jpeg.length - 2],
    ['jpeg', 30],
  ])('refuses a %s cut off after %d bytes, by name', async (_, length) => {
    await expect(decodeImage(jpeg.subarray(0, length), 'a/b.JPEG')).rejects.toThrow(UserError);
    await expect(decodeImage(jpeg.subarray(0, length), 'a/b.JPEG')).rejects.toThrow('image a/b.JPEG: cannot');
  });

  it('refuses a damaged PNG', async () => {
    const damaged = Uint8Array.from(png);
    damaged[png.length >> 1] ^= 0xff;
    await expect(decodeImage(damaged, 'x.png')).rejects.toThrow(/image x\.png: cannot be decoded/);
  });

  it.each([
    ['nothing', ''],
    ['text', 'not an image'],
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['a GIF', 'GIF89a\x01\x00\x01\x00'],
  ])('hands %s to no decoder', async (_, content) => {
    await expect(decodeImage(Buffer.from(content), 'x.jpg')).rejects.toThrow('not a JPEG, PNG or WebP file');
  });

  it('refuses a picture of too many pixels before decoding it', async () => {
    const bomb = Uint8Array.from(jpeg);
    const frame = bomb.findIndex((byte, at) => byte === 0xff && bomb[at + 1] === 0xc0);
    bomb.set([0xff, 0x00, 0xff, 0x00], frame + 5);
    expect(65280 ** 2).toBeGreaterThan(maxPixels);
    await expect(decodeImage(bomb, 'bomb.jpg')).rejects.toThrow('bomb.jpg: 65280x65280 is more than');
  });
});

describe('encodePng', () => {
  it('keeps every pixel', async () => {
    const image = await decodeImage(jpeg, 'x.jpg');
    const again = await decodeImage(await encodePng(image), 'x.png');
    expect(again).toEqual({ width: 97, height: 61, data: image.data });
  });
});

describe('toGrey', () => {
  it.each(luma)("gives Pillow's luma of $input", async ({ input, sha256: expected }) => {
    const grey = toGrey(await decodeImage(readFileSync(testdata(`preprocess/${input}`)), input));
    expect(sha256(grey.data.filter((_, at) => at % 3 === 0))).toBe(expected);
  });
});
