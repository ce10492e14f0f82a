import type { RgbImage } from '@vssm/datasets';
import { describe, expect, it } from 'vitest';
import { augmented, epochOrder } from './training-images.ts';

describe('the order of an epoch', () => {
  const images = Array.from({ length: 50 }, (_, i) => i);

  it('holds every image once, the same for a seed and epoch, another for others', () => {
    const order = epochOrder(images, 1, 2);
    expect([...order].sort((a, b) => a - b)).toEqual(images);
    expect(epochOrder(images, 1, 2)).toEqual(order);
    expect(epochOrder(images, 1, 3)).not.toEqual(order);
    expect(epochOrder(images, 2, 2)).not.toEqual(order);
  });
});

describe('augmentation', () => {
  const side = 5;
  const data = new Uint8Array(side * side * 3);
  for (let pixel = 0; pixel < side * side; pixel++) data.fill(pixel + 1, 3 * pixel, 3 * pixel + 3);
  const picture = { width: side, height: side, data };
  const at = (image: RgbImage, row: number, column: number) => image.data[(row * side + column) * 3];

  it('moves every pixel by the same steps, mirrors or not, and fills with black', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 300; index++) {
      const result = augmented(picture, { flip: true, shift: 1, seed: 0 }, 0, index);
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
    expect(augmented(picture, { flip: false, shift: 0, seed: 0 }, 3, 4)).toBe(picture);
  });

  it('follows from seed, epoch and image', () => {
    const recipe = { flip: true, shift: 2, seed: 5 };
    expect(augmented(picture, recipe, 1, 2)).toEqual(augmented(picture, recipe, 1, 2));
    const variants = Array.from({ length: 20 }, (_, epoch) =>
      augmented(picture, recipe, epoch, 2).data.join(),
    );
    expect(new Set(variants).size).toBeGreaterThan(5);
  });
});
