import { describe, expect, it } from 'vitest';
import { gaps } from './align.ts';
import { completePlan } from './plan.ts';
import { randomScores, splitmix64 } from './random.ts';
import { indicesAmong, selectTokens } from './select.ts';

const positions = [0, 1, 2, 3, 4, 5, 6];

describe('selection', () => {
  it('keeps the best tokens and the class token, in sequence order', () => {
    expect([...selectTokens([5, 1, 4, -9, 2, 3, 0], positions, [3], 4, 'original')]).toEqual([0, 2, 3, 5]);
  });

  it('takes the lowest position among equals, and -0 equals 0', () => {
    expect([...selectTokens([0, -0, 0, 9, 0, 0, 0], positions, [3], 3, 'original')]).toEqual([0, 1, 3]);
  });

  it('moves the class token to the middle when re-centred', () => {
    expect([...selectTokens([0, 0, 0, 0, 7, 8, 9], positions, [3], 3, 'recentred')]).toEqual([5, 3, 6]);
  });

  it('moves the class token in proportion, R-MeeTo’s way', () => {
    // Index 2 of 7 tokens becomes floor(2·4/7) = 1 of 4.
    expect([...selectTokens([9, 8, 0, 1, 2, 7, 3], positions, [2], 4, 'proportional')]).toEqual([0, 2, 1, 5]);
  });

  it('keeps the class token alone', () => {
    expect([...selectTokens([1, 2, 3], [0, 1, 2], [1], 1, 'original')]).toEqual([1]);
  });

  it('keeps every protected token, whatever its score, and none where there is none', () => {
    const scores = [5, -9, 4, 3, 2, -8, 1];
    expect([...selectTokens(scores, positions, [1, 5], 4, 'original')]).toEqual([0, 1, 2, 5]);
    expect([...selectTokens(scores, positions, [], 3, 'original')]).toEqual([0, 2, 3]);
    expect(() => selectTokens(scores, positions, [1, 5], 4, 'recentred')).toThrow('2 protected tokens');
  });

  it('says where tokens stand afterwards', () => {
    expect([...indicesAmong(Int32Array.of(0, 1, 2, 5), [1, 5])]).toEqual([1, 3]);
  });

  it('chooses only among candidates', () => {
    const live = (token: number) => token !== 0;
    expect([...selectTokens([9, 1, 2, 0, 0, 0, 0], positions, [3], 2, 'original', live)]).toEqual([2, 3]);
  });
});

describe('gaps', () => {
  it('count the pruned tokens stepped over, in either direction', () => {
    expect([...gaps([0, 1, 4, 9])]).toEqual([0, 0, 2, 4]);
    expect([...gaps([9, 4, 1, 0])]).toEqual([0, 4, 2, 0]);
    expect([...gaps([5])]).toEqual([0]);
  });
});

describe('random scores', () => {
  it('follow the published splitmix64 sequence', () => {
    // First outputs for seed 1234567, as listed with the reference implementation.
    const golden = 0x9e3779b97f4a7c15n;
    expect(splitmix64(1234567n)).toBe(6457827717110365317n);
    expect(splitmix64(1234567n + golden)).toBe(3203168211198807973n);
  });

  it('depend on seed, sample and step, and are exact in float32', () => {
    const scores = randomScores(1, 2, 3, 50);
    expect(randomScores(1, 2, 3, 50)).toEqual(scores);
    for (const other of [randomScores(2, 2, 3, 50), randomScores(1, 3, 3, 50), randomScores(1, 2, 4, 50)]) {
      expect(other).not.toEqual(scores);
    }
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...scores)).toBeLessThan(1);
  });
});

describe('plans', () => {
  const schedule = [{ after: 1, keep: 0.5 }];
  it('choose the convolution by the alignment', () => {
    expect(completePlan({ schedule, alignment: 'none' }).conv).toBe('compact');
    expect(completePlan({ schedule }).conv).toBe('positional');
    expect(completePlan({ schedule, alignment: 'mask' }).conv).toBe('positional');
  });

  it.each([
    [{ tokenOrder: 'recentred' }, 'token order "recentred"'],
    [{ tokenOrder: 'recentred', alignment: 'none', conv: 'positional' }, 'token order "recentred"'],
    [{ alignment: 'mask', conv: 'compact' }, 'alignment "mask"'],
    [{ seed: -1 }, 'seed -1'],
  ] as const)('refuse %o', (options, message) => {
    expect(() => completePlan({ schedule, ...options })).toThrow(message);
  });
});
