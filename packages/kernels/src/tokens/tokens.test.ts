import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { gatherReference } from './tokens.ts';

const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 1, max: 30 }),
  channels: fc.integer({ min: 1, max: 70 }),
});

describe('gatherRows', () => {
  it('copies exactly the rows that the indices name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, fc.nat({ max: 29 }), async (seed, shape, kept) => {
        const { batch, length, channels: width } = shape;
        const data = new RandomCase(seed);
        const count = 1 + (kept % length);
        const options = {
          ...{ batch, length, width, kept: count },
          from: data.rows(batch, length, width, () => data.between(-1, 1)),
          to: data.rows(batch, count, width, () => 0),
          indices: data.integers(
            Array.from({ length: batch * count }, () => Math.floor(data.between(0, length))),
          ),
        };
        const want = gatherReference(data.arena.memory.buffer, options);
        const canaries = data.canaries();
        (await createKernels(data.arena.memory)).gatherRows(options);
        expect(data.read(options.to, batch, count, width)).toEqual(want);
        expect(data.canaries()).toBe(canaries);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('refuses an index outside the sequence', async () => {
    const data = new RandomCase(0);
    const kernels = await createKernels(data.arena.memory);
    for (const bad of [-1, 5]) {
      const options = {
        ...{ batch: 1, length: 5, width: 4, kept: 2 },
        from: data.rows(1, 5, 4, () => 1),
        to: data.rows(1, 2, 4, () => 0),
        indices: data.integers([0, bad]),
      };
      expect(() => kernels.gatherRows(options)).toThrow(`indices[0][1] is ${bad}, the sequence has 5 tokens`);
    }
  });
});
