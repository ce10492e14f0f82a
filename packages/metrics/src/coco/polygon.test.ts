import { describe, expect, it } from 'vitest';
import { testJson } from '../test-support/test-data.ts';
import { rleFromPolygon, rleFromPolygons } from './polygon.ts';
import { type Box, rleArea, rleBox, rleToMask, rleToString } from './rle.ts';
import { maskOf } from './segmentation.ts';

interface PolygonCase {
  readonly height: number;
  readonly width: number;
  readonly polygons: readonly (readonly number[])[];
  readonly each: readonly string[];
  readonly union: string;
  readonly area: number;
  readonly box: Box;
}

const { polygons } = testJson<{ polygons: readonly PolygonCase[] }>('pycocotools/cases.json');

describe('rleFromPolygon', () => {
  it.each(polygons.map((given, index) => ({ index, ...given })))(
    'fills polygons $index as pycocotools does',
    (given) => {
      const { height, width } = given;
      expect(
        given.polygons.map((corners) => rleToString(rleFromPolygon(corners, height, width, 'p'))),
      ).toEqual(given.each);
      const union = rleFromPolygons(given.polygons, height, width, 'p');
      expect(rleToString(union)).toBe(given.union);
      expect(rleArea(union)).toBe(given.area);
      if (given.area > 0) expect(rleBox(union)).toEqual(given.box);
    },
  );

  it('fills a rectangle on whole pixels', () => {
    const mask = rleToMask(rleFromPolygon([1, 1, 3, 1, 3, 3, 1, 3], 4, 4, 'square'));
    expect([...mask]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });

  it.each([
    ['nothing', [], 'a polygon of 0 numbers'],
    ['half a corner', [1, 1, 2, 2, 3, 3, 4], 'a polygon of 7 numbers'],
    ['NaN', [1, 1, 2, Number.NaN, 3, 3], 'polygon coordinate NaN'],
    ['a corner on the moon', [1, 1, 2, 4e8, 3, 3], 'polygon coordinate 400000000'],
    ['a walk round the world', [0, 0, 9e7, 9e7, 0, 1], 'a polygon of 180000002 pixels round'],
  ])('refuses %s', (_, corners, message) => {
    expect(() => rleFromPolygon(corners, 10, 10, 'file: annotation 3')).toThrow(
      `file: annotation 3: ${message}`,
    );
  });
});

describe('maskOf', () => {
  it('reads all three ways of writing one mask', () => {
    const size = [4, 4];
    const runs = [5, 2, 2, 2, 5];
    const written = [[[1, 1, 3, 1, 3, 3, 1, 3]], { size, counts: runs }, { size, counts: '52203' }];
    for (const segmentation of written) {
      expect([...maskOf(segmentation, 4, 4, 'mask').counts]).toEqual(runs);
    }
  });

  it('refuses a point or a line that stands alone', () => {
    expect(() => maskOf([[1, 1]], 4, 4, 'x')).toThrow('x: a polygon of 2 numbers');
    expect(() => maskOf([[1, 1, 2, 2]], 4, 4, 'x')).toThrow('x: a polygon of 4 numbers');
  });

  it('refuses a mask of another image size, and none at all', () => {
    expect(() => maskOf({ size: [4, 5], counts: [20] }, 5, 4, 'x')).toThrow(
      'x: a mask of 4x5 in an image of 5x4',
    );
    expect(() => maskOf([], 5, 4, 'x')).toThrow('x: no polygon');
  });
});
