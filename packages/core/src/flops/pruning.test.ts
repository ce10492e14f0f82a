import { describe, expect, it } from 'vitest';
import { completePlan, type PruningPlan } from '../pruning/plan.ts';
import { pruningFlops } from './pruning.ts';

const widths = {
  ...{ width: 4, innerWidth: 8, stateSize: 2 },
  ...{ projectionSets: 2, directions: 2, protectedTokens: 1 },
};
const lengths = { length: 9, moved: 5, leaving: 4 };
const planOf = (options: Partial<PruningPlan>) =>
  completePlan({ schedule: [{ after: 1, keep: 0.5 }], ...options });
const flops = (profile: 'paper' | 'strict', options: Partial<PruningPlan>, streams = 2) =>
  pruningFlops(profile, widths, planOf(options), lengths, streams);

/** Two streams of five rows. */
const moving = 2 * 5 * 4;
/** Four sources and four targets: their units, the products, the largest, the sort. */
const links = (width: number) => 8 * (3 * width + 1) + 2 * 16 * width + 16 + 4 * 2;

describe('the cost of a step', () => {
  it('of a score: the score, a sort of nine, and moving', () => {
    expect(flops('strict', {})).toBe(2 * 9 * 8 + 9 * 4 + moving);
    expect(flops('paper', {})).toBe(0);
  });

  it('of Δ: a sum, a quotient and a sum over the sets', () => {
    expect(flops('strict', { signal: 'delta' })).toBe(2 * 9 * (8 + 2) + 9 * 4 + moving);
  });

  it('of ToMe: links and merging of four rows', () => {
    expect(flops('strict', { signal: 'tome' })).toBe(links(4) + 3 * 4 * 2 * 4 + moving);
    expect(flops('strict', { signal: 'tome', operation: 'drop' })).toBe(links(4) + moving);
    expect(flops('strict', { signal: 'tome', operation: 'merge-sum', metric: 'B' })).toBe(
      links(2) + 4 * 2 * 4 + moving,
    );
    expect(flops('paper', { signal: 'tome', metric: 'delta' })).toBe(4 * 4 * 8);
  });

  it('of UTR: its scores and their sort too; half of the output’s rows merge, all of the residual’s', () => {
    const scores = 2 * 9 * 8 + 9 + 9 * 4;
    expect(flops('strict', { signal: 'utr' })).toBe(scores + links(4) + 3 * (2 + 4) * 4 + moving);
    expect(flops('strict', { signal: 'utr' }, 1)).toBe(scores + links(4) + 3 * 2 * 4 + moving / 2);
  });

  it('of the class contribution: a scan over as many steps as there are tokens', () => {
    expect(flops('paper', { signal: 'class-contribution' })).toBe(9 * 9 * 8 * 2);
    const own = 9 * 8 * (7 * 2 + 5) + 2 * 9 * 8;
    expect(flops('strict', { signal: 'class-contribution' })).toBe(own + 9 * 4 + moving);
  });

  it('of content and contribution: the same scan, two lengths and a sum', () => {
    expect(flops('paper', { signal: 'content-contribution' })).toBe(9 * 9 * 8 * 2);
    const own = 9 * 8 * (7 * 2 + 5) + 2 * (2 * 9 * 8 + 9) + 9;
    expect(flops('strict', { signal: 'content-contribution' })).toBe(own + 9 * 4 + moving);
  });
});
