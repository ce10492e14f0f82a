import { describe, expect, it } from 'vitest';
import { combination, mergedSizes, operations, type Pair } from './operation.ts';

/** Tokens 3 and 0 join token 1, token 4 joins token 2; sizes 2, 1, 4, 3, 1. */
const pairs: Pair[] = [
  [3, 1],
  [4, 2],
  [0, 1],
];
const sizes = [2, 1, 4, 3, 1];
const merging = operations.filter((operation) => operation !== 'drop');

describe('combinations', () => {
  it('merge weighs by sizes, on both streams', () => {
    for (const stream of ['output', 'residual'] as const) {
      const { own, shares } = combination('merge', stream, pairs, sizes);
      expect([...own]).toEqual([1, 1 / 6, 4 / 5, 1, 1]);
      expect([...shares]).toEqual([3 / 6, 1 / 5, 2 / 6]);
    }
  });

  it('merge-sum adds', () => {
    const { own, shares } = combination('merge-sum', 'output', pairs, sizes);
    expect([...own, ...shares]).toEqual(Array(8).fill(1));
  });

  it('half takes the surer half of the output and all of the residual, by plain means', () => {
    const output = combination('half', 'output', pairs, sizes);
    expect([...output.own]).toEqual([1, 1 / 2, 1 / 2, 1, 1]);
    expect([...output.shares]).toEqual([1 / 2, 1 / 2, 0]);
    const residual = combination('half', 'residual', pairs, sizes);
    expect([...residual.own]).toEqual([1, 1 / 3, 1 / 2, 1, 1]);
    expect([...residual.shares]).toEqual([1 / 3, 1 / 2, 1 / 3]);
  });

  it.each(merging.filter((operation) => operation !== 'merge-sum'))(
    '%s leaves a token as it is where all that join it equal it',
    (operation) => {
      for (const stream of ['output', 'residual'] as const) {
        const { own, shares } = combination(operation, stream, pairs, sizes);
        const sums = own.slice();
        for (const [i, [, to]] of pairs.entries()) sums[to] += shares[i];
        // Sums of up to three quotients.
        for (const sum of sums) expect(Math.abs(sum - 1)).toBeLessThan(1e-15);
      }
    },
  );

  it.each(merging)('%s of no pairs changes nothing', (operation) => {
    expect([...combination(operation, 'output', [], sizes).own]).toEqual([1, 1, 1, 1, 1]);
  });

  it('sizes move with the tokens', () => {
    expect([...mergedSizes(pairs, sizes)]).toEqual([0, 6, 5, 0, 0]);
  });
});
