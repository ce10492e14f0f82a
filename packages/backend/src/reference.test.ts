import { referenceForward } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { describeConformance } from './conformance.ts';
import { goldenDense } from './golden.ts';
import { referenceBackend } from './reference.ts';

// The golden logits were re-derived by an independent float64 program to 4e-15; summation order is all that differs.
await describeConformance('reference', referenceBackend, { golden: 1e-9, relative: 1e-12 });

describe('reference: intermediate tensors of golden A', async () => {
  const golden = await goldenDense();
  const seen = new Map<string, Float64Array>();
  const { spec, weights, plan, pixels } = golden;
  const pixelsPerImage = pixels.length / 2;
  referenceForward(spec, weights, plan, pixels.subarray(0, pixelsPerImage), 0, (name, value) =>
    seen.set(name, value),
  );

  it.each([0, 1, 2, 3])('streams of block %i', (block) => {
    for (const stream of ['hidden', 'residual']) {
      const name = `block${block}.${stream}`;
      const expected = golden.tensors.get(name)!.data as Float32Array;
      const actual = seen.get(name)!;
      // The stored tensors are rounded to float32: half a unit in the last place of values up to 16.
      for (let i = 0; i < actual.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThan(1e-6);
    }
  });

  it.each(['fwd', 'bwd'])('scan output of block 0, %s', (direction) => {
    const expected = golden.tensors.get(`block0.${direction}.y`)!.data as Float32Array; // [B, E, L], scan order
    const actual = seen.get(`block0.${direction}.y`)!; // [L, E], token order
    const { innerWidth: E } = spec;
    const L = actual.length / E;
    for (let t = 0; t < L; t++) {
      const token = direction === 'fwd' ? t : L - 1 - t;
      for (let e = 0; e < E; e++) {
        // Values reach 78, rounded to float32.
        expect(Math.abs(actual[token * E + e] - expected[e * L + t])).toBeLessThan(5e-6);
      }
    }
  });
});
