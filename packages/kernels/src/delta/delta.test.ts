import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { deltaReference } from './delta.ts';

describe('activateDelta', () => {
  it('agrees with its twin on random shapes, and writes nothing beside', async () => {
    const shapes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 1, max: 9 }),
      channels: fc.integer({ min: 1, max: 23 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, shape) => {
        const { batch, length, channels } = shape;
        const data = new RandomCase(seed);
        const wide = (low: number, high: number) =>
          data.rows(batch, length, channels, () => data.between(low, high));
        const options = {
          ...shape,
          delta: wide(-6, 6),
          bias: data.vector(channels, () => data.between(-5, 1)),
          to: wide(0, 1),
        };
        const want = deltaReference(data.arena.memory.buffer, options);
        const canaries = data.canaries();
        (await createKernels(data.arena.memory)).activateDelta(options);
        expect(data.canaries()).toBe(canaries);
        const got = data.read(options.to, batch, length, channels);
        // The polynomials of softplus err by 1e-7 relatively, the exponent's own rounding by more where it is large.
        for (const [i, value] of want.entries()) expect(Math.abs(got[i] / value - 1)).toBeLessThan(3e-6);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
