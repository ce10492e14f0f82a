/** STORM's windows: quotas as its code spreads them, and small grids by hand. */
import { describe, expect, it } from 'vitest';
import { checkSteps } from '../check-steps.ts';
import { completePlan } from '../plan.ts';
import type { TokenContext } from './rule.ts';
import { reducing } from './score-tokens.ts';
import { mergeWindows, smallerGrid, storm } from './storm.ts';

const quotas = (pairs: number, merges: number) => mergeWindows(pairs, merges).map((window) => window.merges);

describe('windows', () => {
  it('are of five pairs, and share the merges in proportion, the rest by the largest remainders', () => {
    expect(mergeWindows(7, 2)).toEqual([
      { first: 0, pairs: 5, merges: 1 },
      { first: 5, pairs: 2, merges: 1 },
    ]);
    // 14 to 13 columns: 5/7 and 2/7 of one merge.
    expect(quotas(7, 1)).toEqual([1, 0]);
    // 14 to 10: 20/7 = 2.86 and 8/7 = 1.14.
    expect(quotas(7, 4)).toEqual([3, 1]);
    expect(quotas(7, 7)).toEqual([5, 2]);
    // Two equal windows: the first has the odd one.
    expect(quotas(10, 3)).toEqual([2, 1]);
    expect(quotas(3, 2)).toEqual([2]);
    expect(quotas(12, 0)).toEqual([0, 0, 0]);
  });

  it('hand out every merge, and no window more than it has pairs', () => {
    for (let pairs = 1; pairs <= 24; pairs++) {
      for (let merges = 0; merges <= pairs; merges++) {
        const all = mergeWindows(pairs, merges);
        expect(all.reduce((sum, window) => sum + window.merges, 0)).toBe(merges);
        expect(all.every((window) => window.merges <= window.pairs)).toBe(true);
      }
    }
  });
});

describe('the smaller grid', () => {
  it.each([
    [14, 14, 169, 13, 13],
    [14, 14, 144, 12, 12],
    [13, 13, 144, 12, 12],
    [12, 12, 64, 8, 8],
    [8, 8, 36, 6, 6],
    [14, 14, 196, 14, 14],
    [4, 6, 12, 3, 4],
    [5, 6, 20, 4, 5],
  ])('of %i x %i with %i cells is %i x %i', (height, width, cells, rows, columns) => {
    expect(smallerGrid({ height, width }, cells)).toEqual({ height: rows, width: columns });
  });

  it('has sides at least half as long, and is not there for every number', () => {
    expect(smallerGrid({ height: 14, width: 14 }, 36)).toBeUndefined();
    expect(smallerGrid({ height: 14, width: 14 }, 157)).toBeUndefined();
  });

  it('is told before anything runs, with a ratio that fits', () => {
    const shape = { length: 196, protectedTokens: 0, grid: { height: 14, width: 14 } };
    const check = (...steps: readonly (readonly [number, number])[]) =>
      checkSteps(
        completePlan({ signal: 'storm', schedule: steps.map(([after, keep]) => ({ after, keep })) }),
        shape,
        'every-token',
      );
    // STORM's second schedule.
    expect(() => check([5, 0.73], [11, 0.69], [17, 0.64], [23, 0.56])).not.toThrow();
    expect(() => check([5, 0.73], [11, 0.8])).toThrow(
      'rule "storm": 116 tokens are to stay after block 11, which fill no smaller grid of 12x12 with sides at least half as long; there 11@',
    );
    expect(() => check([5, 0.1])).toThrow('there 5@0.245 leaves 49, 7x7');
  });
});

describe('merging', () => {
  const context = (height: number, width: number): TokenContext => ({
    ...{ length: height * width, channels: 1, states: 1, width: 1, block: 1, step: 0, sample: 0 },
    ...{ grid: { height, width }, fullLength: height * width, classToken: null, live: null },
    positions: Int32Array.from({ length: height * width }, (_, cell) => cell),
    sizes: new Int32Array(height * width).fill(1),
    protectedTokens: new Int32Array(0),
  });
  const both = (height: number, width: number, residual: number[], leaving: number) => {
    const own = context(height, width);
    const tokens = { ...own, reduce: reducing(own), residual: Float64Array.from(residual) };
    const { pairs, order } = storm.arrange!(tokens, leaving);
    expect(storm.pair(tokens, leaving)).toEqual(pairs);
    return { pairs, order };
  };

  it('takes the nearest pair of every row, then of every column of what is left', () => {
    // 4 x 4 to 3 x 3. Rows: |0-1| < |5-9|, so 0 joins 1; |20-28| > |3-4|, so 6 joins 7; 8 joins 9; 14 joins 15.
    const residual = [0, 1, 5, 9, 20, 28, 3, 4, 7, 7, 0, 6, 1, 9, 2, 2];
    // Left: [1 5 9] (1 is 0+1), [20 28 7], [14 0 6], [1 9 4]. Columns: |1-20| > |14-1|: 9 joins 12;
    // |5-28| > |0-9|: 10 joins 13; |9-7| = |6-4|: the first, 3 joins 7.
    const { pairs, order } = both(4, 4, residual, 7);
    expect(pairs).toEqual([
      [0, 1],
      [6, 7],
      [8, 12],
      [14, 15],
      [9, 12],
      [10, 13],
      [3, 7],
    ]);
    expect(order).toEqual([1, 2, 7, 4, 5, 11, 12, 13, 15]);
  });

  it('leaves what has no partner where it is', () => {
    // 3 x 3 to 2 x 2: in each row columns 0 and 1, in each column rows 0 and 1; the last column and row stay.
    const { pairs, order } = both(3, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9], 5);
    expect(pairs).toEqual([
      [0, 4],
      [3, 4],
      [6, 7],
      [1, 4],
      [2, 5],
    ]);
    expect(order).toEqual([4, 5, 7, 8]);
  });

  it('may leave one of the sides as it is', () => {
    const { pairs, order } = both(1, 4, [0, 5, 1, 2], 1);
    expect(pairs).toEqual([[2, 3]]);
    expect(order).toEqual([0, 1, 3]);
  });
});

describe('a plan', () => {
  const schedule = [{ after: 1, keep: 0.5 }];

  it('of it sums, and reads what is left as a grid', () => {
    const plan = completePlan({ schedule, signal: 'storm' });
    expect(plan).toMatchObject({ operation: 'merge-sum', alignment: 'none', conv: 'compact' });
    expect(plan).not.toHaveProperty('metric');
  });

  it.each([
    [{ alignment: 'decay' }, 'rule "storm" goes with alignment "none" and convolution "compact" only'],
    [{ conv: 'positional' }, 'not with "none" and "positional"'],
    [{ tokenOrder: 'recentred' }, 'rule "storm" has no token order "recentred"'],
    [{ operation: 'half' }, 'rule "storm" has no operation "half"'],
    [{ metric: 'B' }, 'metric "B": rule "storm" pairs tokens by where they stand'],
  ] as const)('refuses %j', (options, message) => {
    expect(() => completePlan({ schedule, signal: 'storm', ...options })).toThrow(message);
  });
});
