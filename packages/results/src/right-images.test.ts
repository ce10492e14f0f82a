import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packRight, unpackRight } from './right-images.ts';

it('comes back as it was, whatever the number of images', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (right) => {
      expect(unpackRight(packRight(right), right.length)).toEqual(right);
    }),
  );
});

it('has the first image in the lowest bit', () => {
  expect(packRight([true, false, false, false, false, false, false, false, true])).toBe('AQE=');
});
