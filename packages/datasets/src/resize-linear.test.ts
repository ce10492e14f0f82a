import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './codec.ts';
import { resizeLinear } from './resize-linear.ts';
import { sha256, testdata, testJson } from './test-support/test-data.ts';

interface Golden {
  readonly input: string;
  readonly expected: string;
  readonly resized_wh: readonly [number, number];
}

const { cases } = testJson<{ cases: readonly Golden[] }>('preprocess/cv2/manifest.json');
const { resized } = testJson<{ resized: readonly { width: number; height: number; sha256: string }[] }>(
  'opencv/cases.json',
);
const read = (name: string) => decodeImage(readFileSync(testdata(`preprocess/${name}`)), name, 'opencv');
const photo = await read('chelsea.jpg');

describe('resizeLinear', () => {
  it.each(cases)('gives the pixels of OpenCV 4.6: $expected', async ({ input, expected, resized_wh }) => {
    const ours = resizeLinear(await read(input), ...resized_wh);
    const theirs = await read(`cv2/${expected}`);
    expect([ours.width, ours.height]).toEqual([theirs.width, theirs.height]);
    expect(Buffer.compare(ours.data, theirs.data)).toBe(0);
  });

  it.each(resized)('scales to $width x $height as OpenCV 5 does', ({ width, height, sha256: expected }) => {
    expect(sha256(resizeLinear(photo, width, height).data)).toBe(expected);
  });

  it('leaves a picture of the wanted size as it is', () => {
    expect(resizeLinear(photo, photo.width, photo.height)).toBe(photo);
  });
});
