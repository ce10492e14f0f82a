import { describe, expect, it } from 'vitest';
import { sampleHash, stratifiedSample } from './sampling.ts';

/** Class sizes 40, 40 and 4, interleaved. */
const samples = Array.from({ length: 84 }, (_, index) => ({
  index,
  id: String(index),
  label: index % 21 === 20 ? 2 : index % 2,
}));
const dataset = { samples };

function perClass(indices: readonly number[]): number[] {
  const counts = [0, 0, 0];
  for (const index of indices) counts[samples[index].label]++;
  return counts;
}

describe('stratifiedSample', () => {
  it('takes as many of each class', () => {
    const drawn = stratifiedSample(dataset, 9, 0);
    expect(perClass(drawn)).toEqual([3, 3, 3]);
    expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
    expect(new Set(drawn).size).toBe(9);
  });

  it('gives a remainder to some classes, one each', () => {
    const counts = perClass(stratifiedSample(dataset, 8, 0));
    expect(counts.toSorted()).toEqual([2, 3, 3]);
  });

  it('takes more of the others when a class runs out', () => {
    expect(perClass(stratifiedSample(dataset, 44, 0))).toEqual([20, 20, 4]);
  });

  it('is the same every time, and fixed for good', () => {
    expect(stratifiedSample(dataset, 6, 1)).toEqual(stratifiedSample(dataset, 6, 1));
    expect(stratifiedSample(dataset, 6, 1)).toEqual([28, 31, 41, 51, 62, 68]);
    expect(stratifiedSample(dataset, 6, 2)).not.toEqual(stratifiedSample(dataset, 6, 1));
  });

  it('contains the smaller samples of the same seed', () => {
    const large = new Set(stratifiedSample(dataset, 30, 5));
    for (const index of stratifiedSample(dataset, 11, 5)) expect(large).toContain(index);
  });

  it('gives everything when more is asked for', () => {
    expect(stratifiedSample(dataset, 1000, 0)).toEqual(samples.map(({ index }) => index));
  });

  it.each([0, -3, 1.5, Number.NaN])('refuses a size of %d', (count) => {
    expect(() => stratifiedSample(dataset, count, 0)).toThrow(
      `sample size ${count}: expected a whole number`,
    );
  });
});

describe('sampleHash', () => {
  it('is the SHA-256 of the ids, one a line', () => {
    // printf 'a\nb\n' | sha256sum
    expect(sampleHash(['a', 'b'])).toBe('911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2');
    expect(sampleHash(['ab'])).not.toBe(sampleHash(['a', 'b']));
    expect(sampleHash(['b', 'a'])).not.toBe(sampleHash(['a', 'b']));
  });
});
