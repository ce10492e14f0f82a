import { describe, expect, it } from 'vitest';
import { completePlan } from '../plan.ts';
import { contributionsOf } from './contributions.ts';
import type { ScanSteps, TokenContext } from './rule.ts';
import { scoreTokens, unmergedSizes } from './score-tokens.ts';

const plan = completePlan({ schedule: [{ after: 1, keep: 0.5 }], signal: 'content-contribution' });
const context: TokenContext = {
  ...{ length: 3, channels: 2, states: 1, width: 1, fullLength: 3, block: 1, step: 0, sample: 0 },
  ...{ positions: Int32Array.of(0, 1, 2), sizes: unmergedSizes(3), live: null },
  ...{ protectedTokens: Int32Array.of(2), classToken: 2 },
};

describe('content and contribution', () => {
  it('is the sum of two lengths over the channels', () => {
    const signals = {
      ssm: () => Float64Array.of(3, -4, 0, 0, 1, 0),
      contributions: () => Float64Array.of(0, 2, 5, -12, 0, 0),
    };
    expect(Array.from(scoreTokens(plan, context, signals))).toEqual([5 + 2, 0 + 13, 1]);
  });

  it('of three tokens by hand: one direction, A = -ln 2, Δ = 1, so that the state halves at every step', () => {
    const rows = Int32Array.of(0, 1, 2);
    const scan: ScanSteps = {
      ...{ tokens: rows, rows, gaps: new Int32Array(3), deltaOfNothing: Float64Array.of(1, 1) },
      ...{ delta: new Float64Array(6).fill(1), A: new Float64Array(2).fill(-Math.LN2) },
      ...{ B: Float64Array.of(1, 1, 1), C: Float64Array.of(1, 1, 2) },
      u: Float64Array.of(8, 0, 0, 6, 1, 1),
    };
    // The last token's gate: z = 0 would close it; SiLU(z) is 3 and 4 where z is as below.
    const gate = [3, 4];
    const z = Float64Array.of(0, 0, 0, 0, ...gate.map(inverseSilu));
    // y = C h: h is (8, 0), (4, 6), (3, 4).
    const ssm = Float64Array.of(8, 0, 4, 6, 2 * 3, 2 * 4);
    const signals = { ssm: () => ssm, contributions: (own: TokenContext) => contributionsOf([scan], z, own) };
    const scores = scoreTokens(plan, context, signals);
    // Of token 0 the last one holds 8/4 in the first channel, read with C = 2 and gate 3; of token 1 6/2, gate 4.
    expect(scores[0]).toBeCloseTo(8 + 3 * 2 * 2, 12);
    expect(scores[1]).toBeCloseTo(Math.hypot(4, 6) + 4 * 2 * 3, 12);
  });
});

/** z with z / (1 + e^-z) = y, by halving. */
function inverseSilu(y: number): number {
  let [low, high] = [0, 2 * y];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle / (1 + Math.exp(-middle)) < y) low = middle;
    else high = middle;
  }
  return low;
}
