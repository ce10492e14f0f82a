import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { testJson } from '../test-support/test-data.ts';
import { boxIous, maskIous } from './iou.ts';
import {
  type Box,
  rleArea,
  rleBox,
  rleFromCounts,
  rleFromMask,
  rleFromString,
  rleToMask,
  rleToString,
  rleUnion,
} from './rle.ts';

interface MaskCase {
  readonly height: number;
  readonly width: number;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly string: string;
  readonly union: string;
  readonly area: number;
  readonly box: Box;
  readonly iou: number;
  readonly crowdIou: number;
  readonly pixels: string;
  readonly encoded: string;
}

const { masks } = testJson<{ masks: readonly MaskCase[] }>('pycocotools/cases.json');

describe('runs, as pycocotools counts them', () => {
  it('are tested on masks with runs of length 0 and overlaps', () => {
    expect(masks.filter(({ a }) => a.slice(1).includes(0)).length).toBeGreaterThan(50);
    expect(masks.filter(({ iou }) => iou > 0).length).toBeGreaterThan(50);
  });

  it.each(masks.map((mask, index) => ({ index, ...mask })))('mask $index', (given) => {
    const { height, width } = given;
    const a = rleFromCounts(given.a, height, width, 'a');
    const b = rleFromCounts(given.b, height, width, 'b');
    expect(rleToString(a)).toBe(given.string);
    expect(rleFromString(given.string, height, width, 'a')).toEqual(a);
    expect(rleArea(a)).toBe(given.area);
    expect(rleBox(a)).toEqual(given.box);
    expect(rleToString(rleUnion([a, b]))).toBe(given.union);
    expect(maskIous([a], [b], [false])[0]).toBe(given.iou);
    expect(maskIous([a], [b], [true])[0]).toBe(given.crowdIou);
    const pixels = rleToMask(a);
    expect(pixels.join('')).toBe(given.pixels);
    expect(rleToString(rleFromMask(pixels, height, width))).toBe(given.encoded);
  });

  it('hold counts of 31 bits', () => {
    const side = 46_000;
    const mask = rleFromCounts([1, side * side - 2, 1], side, side, 'large');
    expect(rleFromString(rleToString(mask), side, side, 'large')).toEqual(mask);
  });

  it('have an empty box without foreground', () => {
    expect(rleBox(rleFromCounts([6], 2, 3, 'empty'))).toEqual([0, 0, 0, 0]);
    expect(rleBox(rleFromCounts([2, 0, 4], 2, 3, 'empty'))).toEqual([0, 0, 0, 0]);
  });
});

describe('runs that do not fit', () => {
  it.each([
    ['longer', [0, 6, 1], 'x: its RLE is longer than its image: 7 pixels for 2x3, which has 6'],
    ['shorter', [1, 4], 'x: its RLE is shorter than its image: 5 pixels for 2x3'],
    ['negative', [3, -1, 4], 'x: RLE count 1 is -1'],
    ['not whole', [3, 2.5], 'x: RLE count 1 is 2.5'],
    ['not numbers', [3, '3'], 'x: RLE count 1 is 3'],
    ['absurd', [3, 1e300], 'x: RLE count 1 is 1e+300'],
  ])('%s', (_, counts, message) => {
    expect(() => rleFromCounts(counts, 2, 3, 'x')).toThrow(UserError);
    expect(() => rleFromCounts(counts, 2, 3, 'x')).toThrow(message);
  });

  it.each([
    ['a character that is none of the 64', '0~', 'damaged at character 1'],
    ['a count that does not end', 'oooooooo', 'damaged at character'],
    ['an end inside a count', '1o', 'damaged at character 2'],
    ['a negative count', '1O', 'RLE count 1 is -1'],
    ['a count beyond the image', '17', 'RLE count 1 is 7; the image has 6 pixels'],
    ['too few pixels', '11', 'its RLE is shorter than its image: 2 pixels for 2x3'],
    ['too many pixels', '44', 'its RLE is longer than its image: 8 pixels for 2x3'],
    ['nothing', '', 'shorter'],
  ])('%s', (_, string, message) => {
    expect(() => rleFromString(string, 2, 3, 'x')).toThrow(message);
  });

  it.each([
    [0, 3],
    [2.5, 3],
    [Number.NaN, 3],
    [1e6, 1e6],
  ])('an image of %d x %d', (height, width) => {
    expect(() => rleFromString('6', height, width, 'x')).toThrow(UserError);
  });
});

describe('boxIous', () => {
  it('divides by the union, or by the detection where the object is a crowd', () => {
    const detections: Box[] = [
      [0, 0, 4, 4],
      [2, 2, 4, 4],
      [4, 0, 1, 1],
    ];
    const object: Box = [0, 0, 4, 2];
    expect([...boxIous(detections, [object, object], [false, true])]).toEqual([0.5, 0.5, 0, 0, 0, 0]);
    expect([...boxIous([[1, 1, 2, 2]], [object, object], [false, true])]).toEqual([0.2, 0.5]);
  });
});
