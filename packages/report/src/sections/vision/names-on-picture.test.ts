import { describe, expect, it } from 'vitest';
import { type Box, placeNames } from './names-on-picture.ts';

const image = { height: 100, width: 270 };
/** Letters of 10 pixels, so names are 13.5 high. */
const place = (...boxes: Box[]) =>
  placeNames(
    boxes.map((box) => ({ text: 'cat', box })),
    image,
  );

describe('placeNames', () => {
  it('puts a name on its box', () => {
    const [{ x, y, height }] = place([20, 40, 80, 90]);
    expect(x).toBe(20);
    expect(y + height).toBeCloseTo(40);
  });

  it('moves inside where there is no room above, and back into the picture at its right edge', () => {
    const [{ x, y, width }] = place([268, 2, 270, 90]);
    expect(y).toBe(2);
    expect(x + width).toBeCloseTo(270);
  });

  it('does not cover another name while there is a free corner', () => {
    const places = place([20, 40, 80, 90], [21, 41, 80, 80], [22, 42, 80, 70]);
    for (const [at, one] of places.entries()) {
      for (const other of places.slice(0, at)) {
        const apart = one.y >= other.y + other.height || other.y >= one.y + one.height;
        expect(apart).toBe(true);
      }
    }
  });

  it('goes to the right side of a box where the left one is taken', () => {
    const [first, second] = place([100, 0, 110, 100], [100, 0, 200, 5]);
    expect([first.x, first.y]).toEqual([100, 0]);
    expect(second.y).toBe(0);
    expect(second.x + second.width).toBeCloseTo(200);
  });

  it('stays within a picture that is lower than a name', () => {
    const [low] = placeNames([{ text: 'cat', box: [0, 0, 9, 1] }], { height: 1, width: 240 });
    expect(low.y).toBe(0);
    const [wide] = placeNames([{ text: 'a very long name of a class', box: [0, 9, 9, 9] }], {
      height: 30,
      width: 40,
    });
    expect(wide.width).toBeLessThanOrEqual(40);
  });
});
