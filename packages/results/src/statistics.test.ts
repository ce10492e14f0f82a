import { describe, expect, it } from 'vitest';
import {
  mean,
  median,
  pairedSpeedup,
  quantile,
  ratioOf,
  spreadOf,
  standardDeviation,
  timeStatistics,
} from './statistics.ts';

describe('quantile', () => {
  it('lies between neighbours, whatever the order', () => {
    // numpy.quantile([1, 2, 4, 8], [0.25, 0.5, 0.75]) is [1.75, 3, 5].
    const values = [8, 1, 4, 2];
    expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile(values, share))).toEqual([1, 1.75, 3, 5, 8]);
    expect(values).toEqual([8, 1, 4, 2]);
    expect(median([5])).toBe(5);
    expect(spreadOf(values)).toEqual({ median: 3, low: 1.75, high: 5 });
  });

  it('of nothing is no number', () => {
    expect([median([]), mean([])]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('standardDeviation', () => {
  it('is that of a sample', () => {
    expect(standardDeviation([1, 3])).toBeCloseTo(Math.SQRT2, 12);
    expect(standardDeviation([1])).toBeNull();
  });
});

describe('ratioOf', () => {
  it('pairs the rounds: a round that is slow for both changes nothing', () => {
    expect(ratioOf([2, 20, 2], [1, 10, 1])).toEqual({ median: 2, low: 2, high: 2 });
  });
});

describe('timeStatistics', () => {
  it('keeps the samples in their order and spreads by quartiles', () => {
    expect(timeStatistics([8, 1, 4, 2])).toEqual({
      samplesMs: [8, 1, 4, 2],
      medianMs: 3,
      minMs: 1,
      maxMs: 8,
      spread: (5 - 1.75) / 3,
    });
  });
});

describe('pairedSpeedup', () => {
  it('is the median of the rounds’ ratios, which a slow spell cannot move', () => {
    // The last two rounds ran on a machine half as fast: medians alone would say 16 / 10.
    const dense = [8, 8, 8, 16, 16];
    const pruned = [4, 4, 10, 8, 8];
    expect(pairedSpeedup('key', dense, pruned)).toEqual({
      against: 'key',
      denseSamplesMs: dense,
      median: 2,
      min: 0.8,
      max: 2,
    });
  });
});
