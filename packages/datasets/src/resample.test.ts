import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './codec.ts';
import { resizeBicubic } from './resample.ts';
import { sha256, testdata, testJson } from './test-support/test-data.ts';

interface ResizeCase {
  readonly input: string;
  readonly width: number;
  readonly height: number;
  readonly sha256: string;
}

const { resized } = testJson<{ readonly resized: readonly ResizeCase[] }>('pillow/cases.json');
const photo = await decodeImage(readFileSync(testdata('preprocess/chelsea.jpg')), 'chelsea.jpg');

describe('resizeBicubic', () => {
  it.each(resized)('scales $input to $width x $height as Pillow does', async (given) => {
    const image = await decodeImage(readFileSync(testdata(`preprocess/${given.input}`)), given.input);
    expect(sha256(resizeBicubic(image, given.width, given.height).data)).toBe(given.sha256);
  });

  it('leaves a picture of the wanted size as it is', () => {
    expect(resizeBicubic(photo, photo.width, photo.height)).toEqual(photo);
  });

  it.each([
    ['reduced', 200, 133],
    ['enlarged', 600, 399],
    ['scaled along one side', 451, 150],
  ])('computes the same pixels of a window as of the whole, %s', (_, width, height) => {
    const whole = resizeBicubic(photo, width, height);
    const window = { left: 31, top: 17, width: 100, height: 90 };
    const part = resizeBicubic(photo, width, height, window);
    const cut = Array.from({ length: 90 }, (_, row) => {
      const start = ((17 + row) * width + 31) * 3;
      return Array.from(whole.data.subarray(start, start + 300));
    });
    expect([part.width, part.height]).toEqual([100, 90]);
    expect(Array.from(part.data)).toEqual(cut.flat());
  });

  it('scales a needle without building the whole of it', () => {
    const needle = { width: 1, height: 60_000, data: new Uint8Array(180_000).fill(77) };
    const window = { left: 16, top: 7_679_888, width: 224, height: 224 };
    const part = resizeBicubic(needle, 256, 256 * 60_000, window);
    expect(part.data.every((value) => value === 77)).toBe(true);
  });
});
