import type { Normalisation } from '@vssm/datasets';
import { describe, expect, it } from 'vitest';
import { trainingRecipe } from '../recipe/recipe.ts';
import { horizons, smallSegmenterRun } from '../run/test-support/made-up-scenes.ts';
import { sceneExamples } from './examples.ts';

const { spec } = smallSegmenterRun('');
const side = 8;
/** Levels as they are. */
const plain: Normalisation = { channels: 3, white: 255, mean: [0, 0, 0], std: [1, 1, 1] };

describe('scenes', () => {
  const dataset = horizons(40);
  const examples = sceneExamples(dataset, plain);

  it('have targets of the stored labels, and none where there is no label', async () => {
    const recipe = { ...trainingRecipe, flip: false, shift: 0, labelSmoothing: 0 };
    const { labels, targets } = await examples.read(spec, recipe, 0, 3);
    const map = await dataset.truth(3);
    expect([...map.labels].filter((label) => label === 0)).toHaveLength(side);
    for (const [pixel, stored] of map.labels.entries()) {
      expect(labels[pixel]).toBe(stored - 1);
      const own = [...targets.subarray(2 * pixel, 2 * pixel + 2)];
      expect(own).toEqual(stored === 0 ? [0, 0] : stored === 1 ? [1, 0] : [0, 1]);
    }
  });

  it('are mirrored and moved with their labels; what comes in from beyond has none', async () => {
    const recipe = { ...trainingRecipe, flip: true, shift: 2, labelSmoothing: 0 };
    let moved = 0;
    for (let index = 0; index < 40; index++) {
      const { labels } = await examples.read(spec, recipe, 0, index);
      const { labels: stored } = await dataset.truth(index);
      const at = (row: number, column: number) =>
        row < 0 || column < 0 || row >= side || column >= side ? -1 : stored[row * side + column] - 1;
      const ways = [false, true].flatMap((mirror) =>
        [-2, -1, 0, 1, 2].flatMap((right) => [-2, -1, 0, 1, 2].map((down) => ({ mirror, right, down }))),
      );
      const fitting = ways.filter(({ mirror, right, down }) =>
        Array.from(labels).every((label, pixel) => {
          const column = (pixel % side) - right;
          // Beyond the border on either side, mirrored or not.
          const from = mirror && column >= 0 && column < side ? side - 1 - column : column;
          return label === at(Math.floor(pixel / side) - down, from);
        }),
      );
      expect(fitting.length).toBeGreaterThan(0);
      if (!fitting.some(({ mirror, right, down }) => !mirror && right === 0 && down === 0)) moved++;
    }
    expect(moved).toBeGreaterThan(20);
  });

  it('are all or a fixed part of them', () => {
    expect(examples.chosen(0)).toHaveLength(40);
    const some = examples.chosen(10);
    expect(new Set(some).size).toBe(10);
    expect(examples.chosen(10)).toEqual(some);
    expect([...some].sort((a, b) => a - b)).toEqual(some);
  });
});
