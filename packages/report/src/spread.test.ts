import { describe, expect, it } from 'vitest';
import { quantile, ratioOf, spreadOf } from './spread.ts';

describe('spreads', () => {
  it('take quantiles between neighbours', () => {
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(quantile([5], 0.75)).toBe(5);
    expect(spreadOf([1, 2, 3])).toEqual({ median: 2, low: 1.5, high: 2.5 });
  });

  it('of ratios pair the rounds: a round that is slow for both changes nothing', () => {
    expect(ratioOf([2, 20, 2], [1, 10, 1])).toEqual({ median: 2, low: 2, high: 2 });
  });
});
