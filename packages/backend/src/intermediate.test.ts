/** The reference's tensors between input and logits, against those stored with the golden data. */
import { referenceForward } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import type { GoldenDense } from './test-support/golden/case.ts';
import { goldenG2 } from './test-support/golden/mambareg.ts';
import { goldenE, goldenE2 } from './test-support/golden/plainmamba.ts';
import { goldenF2 } from './test-support/golden/videomamba.ts';
import { goldenA } from './test-support/golden/vim.ts';

/** What the reference shows of a case's first image. */
function observed({ spec, weights, plan, pixels }: GoldenDense): ReadonlyMap<string, Float64Array> {
  const seen = new Map<string, Float64Array>();
  const image = pixels.subarray(0, pixels.length / 2);
  referenceForward(spec, weights, plan, image, 0, (name, value) => seen.set(name, value));
  return seen;
}

/** The first image of a stored tensor; some are stored of no other. */
function stored({ tensors }: GoldenDense, name: string): Float32Array {
  const { data, shape } = tensors.get(name)!;
  return (data as Float32Array).subarray(0, data.length / shape[0]);
}

/**
 * The stored tensors are rounded to float32: off by at most 2^-24 of a value. The sums of the float64 run differ
 * by far less.
 */
function expectRounded(actual: ArrayLike<number>, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(2 ** -24 * Math.abs(actual[i]) + 1e-12);
  }
}

/** [C, L] → [L, C] */
function transposed(values: Float32Array, channels: number): Float32Array {
  const length = values.length / channels;
  return values.map((_, i) => values[(i % channels) * length + Math.floor(i / channels)]);
}

describe.each([
  ['A', await goldenA()],
  ['F2', await goldenF2()],
  ['G2', await goldenG2()],
])('reference: golden %s', (_, golden) => {
  const seen = observed(golden);
  const E = golden.spec.innerWidth;

  it.each([...Array(golden.spec.depth).keys()])('streams of block %i', (block) => {
    for (const stream of ['hidden', 'residual']) {
      const name = `block${block}.${stream}`;
      expectRounded(seen.get(name)!, stored(golden, name));
    }
  });

  it('scan outputs of block 0, the backward one stored in scan order', () => {
    const rows = (name: string) => transposed(stored(golden, name), E);
    expectRounded(seen.get('block0.fwd.y')!, rows('block0.fwd.y'));
    const backward = rows('block0.bwd.y');
    const length = backward.length / E;
    const inTokenOrder = backward.map((_, i) => backward[(length - 1 - Math.floor(i / E)) * E + (i % E)]);
    expectRounded(seen.get('block0.bwd.y')!, inTokenOrder);
  });
});

describe.each([
  ['E', await goldenE()],
  ['E2', await goldenE2()],
])('reference: golden %s', (_, golden) => {
  const seen = observed(golden);
  const E = golden.spec.innerWidth;

  it.each([
    ['stem', 'stem_out'],
    ['patch_tokens', 'patch_tokens'],
    ['layer0.x_conv', 'layer0.x_conv'],
    ['layer0.mixer_out', 'layer0.mixer_out'],
    ['layer0.out', 'layer0.out'],
    ['layer1.mixer_out', 'layer1.mixer_out'],
    ['layer1.out', 'layer1.out'],
  ])('%s', (name, file) => {
    expectRounded(seen.get(name)!, stored(golden, file));
  });

  it.each([0, 1, 2, 3])('scan output of layer 0 in direction %i, in scan order', (direction) => {
    const expected = transposed(stored(golden, `layer0.dir${direction}.y_scanorder`), E);
    expectRounded(seen.get(`layer0.dir${direction}.y`)!, expected);
  });

  it('does not take Δ, B and C along the snakes', () => {
    // That other reading's logits lie 0.5 (E) and 0.2 (E2) from upstream's.
    const other = golden.tensors.get('alt_permuted_dtBC.logits')!.data as Float32Array;
    const { spec, weights, plan, pixels } = golden;
    const image = pixels.subarray(0, pixels.length / 2);
    const { logits } = referenceForward(spec, weights, plan, image);
    const toOther = logits.map((logit, i) => Math.abs(logit - other[i]));
    expect(Math.max(...toOther)).toBeGreaterThan(0.05);
  });
});
