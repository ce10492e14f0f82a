import { describe, expect, it } from 'vitest';
import { verdicts } from './verdict.ts';

const claims = [{ arm: 'decay', against: 'none' }];

describe('the verdict', () => {
  it.each([
    [[80, 80.2, 80.1], [82, 82.1, 82.2], 'supports'],
    [[82, 82.1, 82.2], [80, 80.2, 80.1], 'contradicts'],
    [[80, 82, 81], [80.5, 82.5, 81.5], 'undecided'],
    [[80], [81.5], 'one seed'],
  ])('of %j against %j: %s', (none, decay, outcome) => {
    const found = verdicts(claims, [
      { arm: 'none', keep: 0.7, ends: none },
      { arm: 'decay', keep: 0.7, ends: decay },
    ]);
    expect(found).toMatchObject([{ keep: 0.7, outcome }]);
    expect(found[0].gain).toBeCloseTo((decay[0] + decay.at(-1)!) / 2 - (none[0] + none.at(-1)!) / 2, 1);
  });

  it('is given at every level of which both arms are there', () => {
    const results = [0.7, 0.5].map((keep) => ({ arm: 'decay', keep, ends: [80] }));
    expect(verdicts(claims, results)).toEqual([]);
    expect(verdicts(claims, [...results, { arm: 'none', keep: 0.5, ends: [79] }])).toMatchObject([
      { keep: 0.5 },
    ]);
  });

  it('holds a claim with a margin against what prunes nothing, at the one level that it is made of', () => {
    const at = (keep: number, ...ends: number[]) => ({ arm: 'decay', keep, ends });
    const dense = { arm: 'dense', keep: 1, ends: [90, 90.1, 90.2] };
    const claim = [{ arm: 'decay', against: 'dense', margin: 1.7, keep: 0.7 }];
    const outcome = (...ends: number[]) => verdicts(claim, [at(0.7, ...ends), at(0.5, 70, 71), dense]);
    expect(outcome(89, 89.1, 89.2)).toMatchObject([
      { keep: 0.7, against: 'dense', margin: 1.7, outcome: 'supports' },
    ]);
    expect(outcome(87, 87.1, 87.2)).toMatchObject([{ keep: 0.7, outcome: 'contradicts' }]);
    expect(outcome(88.3, 88.4, 88.5)).toMatchObject([{ keep: 0.7, outcome: 'undecided' }]);
    expect(verdicts([{ arm: 'dense', against: 'decay' }], [dense, at(0.7, 89)])).toEqual([]);
  });
});
