import { describe, expect, it } from 'vitest';
import { moved, moveOf } from './moves.ts';

describe('augmentation', () => {
  const side = 5;
  const data = new Uint8Array(side * side * 3);
  for (let pixel = 0; pixel < side * side; pixel++) data.fill(pixel + 1, 3 * pixel, 3 * pixel + 3);
  const picture = { width: side, height: side, data };
  const at = (image: { readonly data: Uint8Array }, row: number, column: number) =>
    image.data[(row * side + column) * 3];

  it('moves every pixel by the same steps, mirrors or not, and fills with black', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 300; index++) {
      const result = moved(picture, moveOf({ flip: true, shift: 1, seed: 0 }, 0, index));
      const ways = [false, true].flatMap((mirror) =>
        [-1, 0, 1].flatMap((right) => [-1, 0, 1].map((down) => ({ mirror, right, down }))),
      );
      const way = ways.find(({ mirror, right, down }) => {
        for (let row = 0; row < side; row++) {
          for (let column = 0; column < side; column++) {
            const [fromRow, shifted] = [row - down, column - right];
            const inside = fromRow >= 0 && fromRow < side && shifted >= 0 && shifted < side;
            const want = inside ? at(picture, fromRow, mirror ? side - 1 - shifted : shifted) : 0;
            if (at(result, row, column) !== want) return false;
          }
        }
        return true;
      });
      expect(way).toBeDefined();
      seen.add(JSON.stringify(way));
    }
    expect(seen.size).toBe(18);
  });

  it('is the picture itself where nothing is allowed', () => {
    expect(moved(picture, moveOf({ flip: false, shift: 0, seed: 0 }, 3, 4))).toBe(picture);
  });

  it('follows from seed, epoch and image', () => {
    const recipe = { flip: true, shift: 2, seed: 5 };
    expect(moved(picture, moveOf(recipe, 1, 2))).toEqual(moved(picture, moveOf(recipe, 1, 2)));
    const variants = Array.from({ length: 20 }, (_, epoch) =>
      moved(picture, moveOf(recipe, epoch, 2)).data.join(),
    );
    expect(new Set(variants).size).toBeGreaterThan(5);
  });
});
