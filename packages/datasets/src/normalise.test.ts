import { describe, expect, it } from 'vitest';
import { normalise } from './normalise.ts';
import { recipes } from './recipe.ts';
import { testJson } from './test-support/test-data.ts';
import { visionRecipes } from './vision/recipe.ts';

const { levels } = testJson<{ levels: readonly (readonly [number, number, number])[] }>('opencv/cases.json');

describe('normalise in 0 … 255', () => {
  it.each([visionRecipes['plainmamba-coco'], recipes['plainmamba-imagenet']])(
    'gives every level the number that OpenCV gives it, $name',
    (recipe) => {
      const data = Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3));
      const pixels = normalise({ width: 256, height: 1, data }, recipe);
      const expected = [0, 1, 2].flatMap((channel) => levels.map((level) => level[channel]));
      expect(Array.from(pixels)).toEqual(expected);
    },
  );

  it('fills up with zeros on the right and below', () => {
    const image = { width: 1, height: 1, data: Uint8Array.of(255, 255, 255) };
    const pixels = normalise(image, visionRecipes['plainmamba-coco'], 2, 3);
    const [red, green, blue] = levels[255];
    const plane = (value: number) => [value, 0, 0, 0, 0, 0];
    expect(Array.from(pixels)).toEqual([...plane(red), ...plane(green), ...plane(blue)]);
  });
});
