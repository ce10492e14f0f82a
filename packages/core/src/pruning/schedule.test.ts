import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keptCount, stepCounts } from './counts.ts';
import { formatSchedule, parseSchedule } from './schedule.ts';

const rounding = JSON.parse(
  readFileSync(new URL('../../testdata/rounding.json', import.meta.url), 'utf8'),
) as {
  /** [length with class token, ratio, kept when pruning, kept when masking] */
  table: [number, number, number, number][];
  double_rounding_cases_below_600: [number, number, 0 | -1, number, number][];
};

describe('kept tokens', () => {
  it.each(rounding.table)('of %i at %f', (length, ratio, pruned, masked) => {
    expect(keptCount(length, ratio)).toBe(pruned);
    expect(keptCount(length, ratio, 'class-token-counted')).toBe(masked);
  });

  it('rounds in double precision where exact arithmetic would differ', () => {
    for (const [length, ratio, base, , asCode] of rounding.double_rounding_cases_below_600) {
      const odd = asCode % 2 === 0 ? asCode + 1 : asCode;
      expect(keptCount(length, ratio, base === 0 ? 'class-token-counted' : 'class-token')).toBe(odd);
    }
  });

  it('never exceeds the length, and a ratio of 1 keeps everything', () => {
    for (let length = 1; length < 300; length++) {
      expect(keptCount(length, 1)).toBe(length);
      for (const ratio of [0.01, 0.5, 0.99, 0.999999]) {
        expect(keptCount(length, ratio)).toBeLessThanOrEqual(length);
        expect(keptCount(length, ratio)).toBeGreaterThanOrEqual(1);
      }
    }
  });

  it.each([
    [197, '5,10,15@0.8', [197, 157, 125, 101]],
    [197, '10,20@0.7', [197, 139, 97]],
    [50, '2,4,6@0.7', [50, 35, 25, 17]],
    [50, '2,4,6@.5', [50, 25, 13, 7]],
  ])('of %i through %s', (length, schedule, expected) => {
    expect(stepCounts(length, { schedule: parseSchedule(schedule) }, 'class-token')).toEqual(expected);
  });
});

describe('kept tokens of a model without class token', () => {
  it('round up in double precision, with no parity rule', () => {
    expect([64, 45, 196, 15].map((length) => keptCount(length, 0.7, 'every-token'))).toEqual([
      45, 32, 138, 11,
    ]);
    expect(keptCount(100, 0.55, 'every-token')).toBe(56);
    expect(keptCount(64, 1, 'every-token')).toBe(64);
  });
});

describe('kept tokens beside protected ones', () => {
  // Class token, then registers: counts of golden F2 and G2 of VideoMamba and Mamba-Reg, made with their own code.
  it.each([
    [25, 1, [25, 18, 13]],
    [28, 4, [28, 21, 16]],
  ])('of %i with %i protected', (length, protectedTokens, expected) => {
    const plan = { schedule: parseSchedule('2,4@0.7') };
    expect(stepCounts(length, plan, { others: { protectedTokens } })).toEqual(expected);
  });
});

describe('schedule text', () => {
  it('joins steps of several ratios', () => {
    expect(parseSchedule('5,10@0.8;15@0.7')).toEqual([
      { after: 5, keep: 0.8 },
      { after: 10, keep: 0.8 },
      { after: 15, keep: 0.7 },
    ]);
    expect(formatSchedule(parseSchedule('5, 10 @ .8 ; 15@0.7'))).toBe('5,10@0.8;15@0.7');
    expect(formatSchedule([])).toBe('');
  });

  it.each([
    ['5,10', 'BLOCK,BLOCK@KEEP'],
    ['5@', 'BLOCK,BLOCK@KEEP'],
    ['five@0.8', 'five@0.8'],
    ['5@1.5', 'keep ratio 1.5'],
    ['5@0', 'keep ratio 0'],
    ['10,5@0.8', 'block 5 comes after block 10'],
    ['5,5@0.8', 'block 5 comes after block 5'],
    ['0@0.8', 'block 0'],
    ['5@0.8;', 'BLOCK,BLOCK@KEEP'],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseSchedule(text)).toThrow(message);
  });
});
