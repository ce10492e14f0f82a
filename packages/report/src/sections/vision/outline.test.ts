import { describe, expect, it } from 'vitest';
import { outlinePath } from './outline.ts';

/** Rows of `#` and `.`. */
function pathOf(...rows: string[]): string {
  const pixels = rows.join('');
  return outlinePath((pixel) => pixels[pixel] === '#', rows[0].length, rows.length);
}

describe('outlinePath', () => {
  it('goes round a rectangle in four strokes', () => {
    expect(pathOf('....', '.##.', '.##.', '....')).toBe('M1 1H3V3H1z');
  });

  it('turns with the border, and nowhere else', () => {
    expect(pathOf('##', '#.')).toBe('M0 0H2V1H1V2H0z');
  });

  it('gives a hole a separate loop, the other way round', () => {
    expect(pathOf('###', '#.#', '###')).toBe('M0 0H3V3H0zM1 1V2H2V1z');
  });

  it('keeps pixels apart that touch at a corner', () => {
    expect(pathOf('#.', '.#')).toBe('M0 0H1V1H0zM1 1H2V2H1z');
    expect(pathOf('.#', '#.')).toBe('M1 0H2V1H1zM0 1H1V2H0z');
  });

  it('is empty where nothing is inside, and the whole picture where all is', () => {
    expect(pathOf('..', '..')).toBe('');
    expect(pathOf('##', '##')).toBe('M0 0H2V2H0z');
  });

  it('covers exactly the pixels inside', () => {
    // Area within clockwise loops less that of the holes (shoelace), of a pattern with holes and corners.
    const inside = (pixel: number) => (pixel * 7919) % 13 < 6;
    const path = outlinePath(inside, 17, 11);
    let area = 0;
    for (const [, start, rest] of path.matchAll(/M(\d+ \d+)([^z]*)z/g)) {
      const [left, top] = start.split(' ').map(Number);
      let [x, y] = [left, top];
      for (const [, axis, value] of rest.matchAll(/([HV])(\d+)/g)) {
        const [nextX, nextY] = axis === 'H' ? [Number(value), y] : [x, Number(value)];
        area += (x * nextY - nextX * y) / 2;
        [x, y] = [nextX, nextY];
      }
      area += (x * top - left * y) / 2;
    }
    expect(area).toBe(Array.from({ length: 17 * 11 }, (_, pixel) => pixel).filter(inside).length);
  });
});
