/** Against the definition: what the reader's gated output loses when a token's input to the state is taken away. */
import { describe, expect, it } from 'vitest';
import { uniformNumbers } from '../../random-weights.ts';
import { selectiveScan, silu } from '../../reference/layers.ts';
import { keptOrder, snakeOrders } from '../../scan-order.ts';
import { classContribution } from './class-contribution.ts';
import { contributionsOf } from './contributions.ts';
import type { ScanSteps, TokenContext } from './rule.ts';
import { tokensOf, unmergedSizes } from './score-tokens.ts';

const [L, E, N] = [9, 3, 4];
const next = uniformNumbers(5);
const random = (count: number, from = -1, to = 1) =>
  Float64Array.from({ length: count }, () => from + (to - from) * next());

/** A direction over tokens as they stand, or from the last to the first. */
function sequence(tokens: Int32Array, gaps: Int32Array): ScanSteps {
  return {
    ...{ tokens, rows: tokens, gaps, delta: random(L * E, 0.1, 0.9), deltaOfNothing: random(E, 0.1, 0.5) },
    ...{ B: random(L * N), C: random(L * N), u: random(L * E), A: random(E * N, -3, -0.2) },
  };
}

/** y in the tokens' places, with one token's u left out of the state (but not out of D·u, which there is none of). */
function read({ tokens, rows, gaps, ...scan }: ScanSteps, without?: number): Float64Array {
  const inSteps = (values: ArrayLike<number>, order: Int32Array, width: number) =>
    Float64Array.from(
      { length: L * width },
      (_, i) => values[order[Math.floor(i / width)] * width + (i % width)],
    );
  const u = Float64Array.from(scan.u, (value, i) => (Math.floor(i / E) === without ? 0 : value));
  const y = selectiveScan(
    inSteps(u, tokens, E),
    inSteps(scan.delta, rows, E),
    inSteps(scan.B, rows, N),
    inSteps(scan.C, rows, N),
    ...([scan.A, new Float64Array(E), scan.deltaOfNothing, gaps, L, E, N] as const),
  );
  const inPlace = new Float64Array(L * E);
  for (const [step, token] of tokens.entries()) inPlace.set(y.subarray(step * E, (step + 1) * E), token * E);
  return inPlace;
}

/** Σ_e | Σ over directions and readers: gate · (y - y without the token) |, by as many scans as there are tokens. */
function byDefinition(scans: readonly ScanSteps[], z: Float64Array, readers: readonly number[]): number[] {
  const full = scans.map((scan) => read(scan));
  return Array.from({ length: L }, (_, token) => {
    const lost = new Float64Array(E);
    for (const [i, scan] of scans.entries()) {
      const y = read(scan, token);
      for (const reader of readers) {
        for (let e = 0; e < E; e++) {
          const at = reader * E + e;
          lost[e] += silu(z[at]) * (full[i][at] - y[at]);
        }
      }
    }
    return lost.reduce((sum, value) => sum + Math.abs(value), 0);
  });
}

function scores(scans: readonly ScanSteps[], z: Float64Array, own: Partial<TokenContext>): number[] {
  const context: TokenContext = {
    ...{ length: L, channels: E, states: N, width: 2, fullLength: 20, block: 1, step: 0, sample: 0 },
    ...{ positions: Int32Array.from({ length: L }, (_, i) => 2 * i), sizes: unmergedSizes(L), live: null },
    ...{ protectedTokens: new Int32Array(0), classToken: null, ...own },
  };
  return Array.from(
    classContribution.score(
      tokensOf(classContribution, context, { contributions: (own) => contributionsOf(scans, z, own) }),
    ),
  );
}

const rising = Int32Array.from({ length: L }, (_, i) => i);
const gaps = Int32Array.of(0, 1, 0, 3, 0, 0, 2, 0, 1);
const bothWays = () => [
  sequence(rising, gaps),
  sequence(rising.slice().reverse(), Int32Array.of(0, 1, 0, 2, 0, 0, 3, 0, 1)),
];
/** Differences of sums of up to 9 · 4 products of numbers below one. */
const tolerance = 1e-13;

function expectClose(got: readonly number[], want: readonly number[], except: readonly number[] = []): void {
  for (const [token, value] of want.entries()) {
    if (!except.includes(token))
      expect(Math.abs(got[token] - value), `token ${token}`).toBeLessThan(tolerance);
    if (!except.includes(token)) expect(value).toBeGreaterThan(1e-6);
  }
}

describe('class contribution', () => {
  it.each([0, 4, 8])('of a class token at %i, over gaps, in both directions', (classToken) => {
    const scans = bothWays();
    const z = random(L * E);
    const own = { classToken, protectedTokens: Int32Array.of(classToken) };
    // Of itself the reader has what both directions' states hold; it never leaves, so nobody asks.
    expectClose(scores(scans, z, own), byDefinition(scans, z, [classToken]), [classToken]);
  });

  it('of several protected tokens none of which is the class token', () => {
    const scans = bothWays();
    const z = random(L * E);
    const readers = [2, 7];
    const own = { protectedTokens: Int32Array.from(readers) };
    expectClose(scores(scans, z, own), byDefinition(scans, z, readers), readers);
  });

  it('of all tokens along four snakes that share Δ, B and C by the step', () => {
    const cells = Int32Array.of(0, 1, 3, 4, 5, 7, 8, 10, 11); // of 3 x 4
    const shared = sequence(rising, gaps);
    const scans = snakeOrders(3, 4).map((full) => {
      const kept = keptOrder(full, cells);
      return { ...shared, tokens: kept.order, gaps: kept.gaps, B: random(L * N) };
    });
    const z = random(L * E);
    expectClose(scores(scans, z, {}), byDefinition(scans, z, [...rising]));
  });

  it('of the tokens that live only, under a mask', () => {
    const scans = bothWays();
    const z = random(L * E);
    const live = Uint8Array.of(1, 0, 1, 1, 1, 0, 1, 1, 1);
    expectClose(scores(scans, z, { live }), byDefinition(scans, z, [0, 2, 3, 4, 6, 7, 8]));
  });
});
