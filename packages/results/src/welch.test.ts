import { expect, it } from 'vitest';
import { welchInterval } from './welch.ts';

it('is Welch’s interval', () => {
  // scipy.stats: difference 26/15, 2.33103 degrees of freedom, half width 1.197839305670338.
  const [low, high] = welchInterval([82, 82.3, 82.1], [80, 81, 80.2])!;
  expect(low).toBeCloseTo(26 / 15 - 1.197839305670338, 7);
  expect(high).toBeCloseTo(26 / 15 + 1.197839305670338, 7);
  expect(welchInterval([1, 1], [0, 0])).toEqual([1, 1]);
  expect(welchInterval([1], [0, 2])).toBeNull();
});
