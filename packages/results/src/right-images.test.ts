import { uniformNumbers } from '@vssm/core';
import { expect, it } from 'vitest';
import { packRight, unpackRight } from './right-images.ts';

it.each([0, 1, 7, 8, 9, 40])('comes back as it was: %i images', (images) => {
  const uniform = uniformNumbers(images);
  const right = Array.from({ length: images }, () => uniform() < 0.5);
  expect(unpackRight(packRight(right), images)).toEqual(right);
});

it('has the first image in the lowest bit', () => {
  expect(packRight([true, false, false, false, false, false, false, false, true])).toBe('AQE=');
});
