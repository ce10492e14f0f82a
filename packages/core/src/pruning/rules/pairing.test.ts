import { describe, expect, it } from 'vitest';
import { UserError } from '../../errors.ts';
import type { Pair } from '../operation.ts';
import { completePlan, type PruningPlan } from '../plan.ts';
import { registerRule } from './loaded.ts';
import { pairTokens } from './pair-tokens.ts';
import type { PairingRule, ScoringRule, TokenContext } from './rule.ts';
import { type SignalSource, unmergedSizes } from './score-tokens.ts';

/** Seven tokens, the class token in the middle; d = 2, E = 1. */
const context: TokenContext = {
  ...{ length: 7, channels: 1, states: 1, width: 2, fullLength: 9, block: 4, step: 0, sample: 7 },
  ...{ positions: Int32Array.of(0, 1, 2, 4, 5, 6, 8), sizes: unmergedSizes(7), live: null },
  ...{ protectedTokens: Int32Array.of(3), classToken: 3 },
};

/** Unit vectors by their angles in degrees. */
const vectors = (...angles: number[]) =>
  Float64Array.from(angles.flatMap((angle) => [angle, angle - 90].map((a) => Math.cos((a * Math.PI) / 180))));
const planOf = (options: Partial<PruningPlan>) =>
  completePlan({ schedule: [{ after: 4, keep: 0.5 }], ...options });
const pairsOf = (
  options: Partial<PruningPlan>,
  leaving: number,
  source: SignalSource,
  own: Partial<TokenContext> = {},
) => pairTokens(planOf(options), { ...context, ...own }, source, leaving).pairs;

describe('ordered ToMe', () => {
  // Without the class token: even 0, 2, 5; odd 1, 4, 6. 0 → 1 (20°), 2 → 4 (5°), 5 → 6 (10°).
  const hidden = () => vectors(0, 20, 55, 0, 60, 100, 110);

  it('pairs even with odd places, the class token left out, the most similar first', () => {
    expect(pairsOf({ signal: 'tome' }, 3, { hidden })).toEqual([
      [2, 4],
      [5, 6],
      [0, 1],
    ]);
    expect(pairsOf({ signal: 'tome' }, 1, { hidden })).toEqual([[2, 4]]);
  });

  it('several may join one token; lengths of vectors do not count', () => {
    const rows = vectors(0, 300, 50, 0, 30, 35, 200).map((value, i) => (i === 4 ? 7 * value : value));
    expect(pairsOf({ signal: 'tome' }, 2, { hidden: () => rows })).toEqual([
      [5, 4],
      [2, 4],
    ]);
  });

  it('leaves out what does not live under a mask', () => {
    const live = Uint8Array.of(1, 0, 1, 1, 1, 1, 1);
    // Even 0, 4, 6; odd 2, 5.
    expect(pairsOf({ signal: 'tome' }, 2, { hidden }, { live })).toEqual([
      [4, 2],
      [6, 5],
    ]);
  });

  it('of Δ, B and C takes the mean over the sets of projections', () => {
    const B = () => [vectors(0, 20, 55, 0, 60, 100, 110), new Float64Array(14)];
    expect(pairsOf({ signal: 'tome', metric: 'B' }, 1, { B })).toEqual([[2, 4]]);
  });

  it('says how many can leave at most', () => {
    const attempt = () => pairsOf({ signal: 'tome' }, 4, { hidden });
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(
      'rule "tome": 4 of 6 tokens are to leave after block 4, and it finds a destination for 3',
    );
  });
});

describe('UTR', () => {
  it('pairs the lower half by the clipped sum with the upper half', () => {
    // Lower half: 1, 4, 6 (a negative sum is clipped, then the later leaves first); upper: 0, 2, 5.
    const ssm = () => Float64Array.of(3, -1, 2, 9, 1, 4, -5);
    const hidden = () => vectors(0, 40, 90, 0, 80, 200, 185);
    expect(pairsOf({ signal: 'utr' }, 3, { ssm, hidden })).toEqual([
      [4, 2],
      [6, 5],
      [1, 0],
    ]);
  });
});

describe('MTR-like', () => {
  it('sends the lowest Δ to the most similar of the lower half of the others', () => {
    // By Δ: 1 and 5 leave; of 0, 2, 4, 6 the lower half is 2 and 6.
    const delta = () => [Float64Array.of(5, 1, 3, 0, 6, 2, 4), new Float64Array(7)];
    const hidden = () => vectors(0, 0, 30, 0, 0, 100, 95);
    expect(pairsOf({ signal: 'mtr-like' }, 2, { delta, hidden })).toEqual([
      [5, 6],
      [1, 2],
    ]);
  });
});

describe('a rule that scores, merging', () => {
  it('lets the lowest scores leave, of equals the last, and join the most similar that stays', () => {
    const gated = () => Float64Array.of(2, 1, 1, 0, 3, 4, 5);
    const hidden = () => vectors(0, 20, 55, 0, 60, 0, 110);
    expect(pairsOf({ operation: 'merge' }, 1, { gated, hidden })).toEqual([[2, 4]]);
    expect(pairsOf({ operation: 'merge' }, 2, { gated, hidden })).toEqual([
      [2, 4],
      [1, 0],
    ]);
  });
});

describe('a rule file', () => {
  let count = 0;
  function fromFile(rule: Omit<PairingRule, 'name'> | Omit<ScoringRule, 'name'>, leaving = 2) {
    const sha256 = String(++count).padStart(64, 'e');
    registerRule({ name: 'mine', sha256, file: './mine.ts', rule: { name: 'mine', ...rule } as PairingRule });
    const plan = planOf({
      rule: { name: 'mine', sha256 },
      ...(rule.score && { operation: 'merge' as const }),
    });
    return pairTokens(plan, context, { hidden: () => vectors(0, 1, 2, 3, 4, 5, 6) }, leaving).pairs;
  }
  const pairing = (...pairs: Pair[]) => ({ signals: [], pair: () => pairs });

  it('may pair by itself', () => {
    const pairs: Pair[] = [
      [0, 1],
      [2, 1],
    ];
    expect(fromFile(pairing(...pairs))).toEqual(pairs);
  });

  it('that scores gets destinations by the metric, and its scores are checked', () => {
    expect(fromFile({ signals: [], score: () => [0, 1, 2, 3, 4, 5, 6] }, 1)).toEqual([[0, 1]]);
    expect(() => fromFile({ signals: [], score: () => [1] }, 1)).toThrow('score() returned 1 scores for 7');
  });

  it.each([
    ['too few pairs', [[0, 1]], 'pair() returned 1 pairs where 2 tokens leave'],
    [
      'the class token',
      [
        [0, 1],
        [3, 1],
      ],
      'pair() returned 3, which is no token that may leave or be joined',
    ],
    [
      'a class token joined',
      [
        [0, 3],
        [2, 1],
      ],
      'pair() returned 3, which',
    ],
    [
      'a token that is not there',
      [
        [0, 1],
        [7, 1],
      ],
      'pair() returned 7, which',
    ],
    [
      'half a token',
      [
        [0, 1],
        [2, 1.5],
      ],
      'pair() returned 1.5, which',
    ],
    [
      'one that leaves twice',
      [
        [0, 1],
        [0, 2],
      ],
      'pair() lets token 0 leave twice',
    ],
    [
      'one that joins one that leaves',
      [
        [0, 1],
        [1, 2],
      ],
      'pair() lets token 0 join 1, which leaves itself',
    ],
  ] as [string, Pair[], string][])('with %s is an error with file, block and image', (_, pairs, message) => {
    const attempt = () => fromFile(pairing(...pairs));
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(`rule ./mine.ts, after block 4, image 7: ${message}`);
  });

  it('that throws, or returns nothing, is one too', () => {
    const wrong = (pair: () => unknown) => () => fromFile({ signals: [], pair: pair as PairingRule['pair'] });
    expect(wrong(() => undefined)).toThrow('pair() returned undefined; return a list of [from, to]');
    expect(
      wrong(() => {
        throw new TypeError('no such thing');
      }),
    ).toThrow('pair() threw TypeError: no such thing');
    const reducing: Omit<PairingRule<'hidden'>, 'name'> = {
      signals: ['hidden'],
      pair: ({ hidden, reduce }) => [reduce(hidden, 'max' as never)] as never,
    };
    expect(() => fromFile(reducing as Omit<PairingRule, 'name'>)).toThrow(
      'rule ./mine.ts, after block 4, image 7: pair() threw Error: reduce: there is no reduction "max"',
    );
  });
});

describe('plans', () => {
  it('say what becomes of tokens only where there is something to be said', () => {
    expect(planOf({})).not.toHaveProperty('operation');
    expect(planOf({ signal: 'delta', operation: 'drop' })).not.toHaveProperty('operation');
    expect(planOf({ signal: 'delta', operation: 'merge' })).toMatchObject({ metric: 'hidden' });
    expect(planOf({ signal: 'tome' })).toMatchObject({ operation: 'merge', metric: 'hidden' });
    expect(planOf({ signal: 'tome', operation: 'drop', metric: 'C' })).toMatchObject({
      ...{ operation: 'drop', metric: 'C' },
    });
    expect(planOf({ signal: 'utr' })).toMatchObject({ operation: 'half' });
    expect(planOf(planOf({ signal: 'tome', operation: 'drop' }))).toMatchObject({ operation: 'drop' });
  });

  it('refuse a metric where nothing is compared', () => {
    expect(() => planOf({ metric: 'B' })).toThrow('metric "B": tokens that are dropped go nowhere');
  });
});
