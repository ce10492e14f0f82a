import { describe, expect, it } from 'vitest';
import { topK } from './top-k.ts';

describe('topK', () => {
  it('ranks the largest first', () => expect(topK([0.5, 3, -1, 2], 4, 3)).toEqual([1, 3, 0]));

  it('puts the lower class first among equals', () => {
    expect(topK([1, 2, 2, 1, 2], 5, 2)).toEqual([1, 2]);
    expect(topK([1, 2, 2, 1, 2], 5, 5)).toEqual([1, 2, 4, 0, 3]);
    expect(topK([0, -0, 0], 3, 3)).toEqual([0, 1, 2]);
  });

  it('reads one row of many', () => {
    const logits = Float32Array.of(9, 0, 0, 0, 0, 9, 0, 9, 0);
    expect([0, 1, 2].map((row) => topK(logits, 3, 1, row)[0])).toEqual([0, 2, 1]);
  });

  it('gives all classes when asked for more', () => expect(topK([1, 2], 2, 5)).toEqual([1, 0]));

  it('leaves out NaN and keeps infinities', () => {
    const { NaN: nan, NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high } = Number;
    expect(topK([nan, low, 1, high], 4, 4)).toEqual([3, 2, 1]);
    expect(topK([nan, nan], 2, 1)).toEqual([]);
  });

  it('agrees with sorting', () => {
    const logits = Float64Array.from({ length: 1000 }, (_, label) => (label * 7919) % 257);
    const sorted = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
    expect(topK(logits, 1000, 5)).toEqual(sorted.slice(0, 5));
  });
});
