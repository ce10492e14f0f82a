import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { lengthReference } from './lengths.ts';

const shapes = fc.record({
  length: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 70 }),
});

describeImplementations('lengths of rows', (implementation) => {
  it('are the twin’s on 200 random shapes, and nothing is written beside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, { length, channels }) => {
        const data = new RandomCase(seed);
        const x = data.rows(1, length, channels, () => data.between(-4, 4));
        const region = data.arena.float32(2 * (length + 1));
        const options = { length, channels, x, to: region.at };
        const { buffer } = data.arena.memory;
        const want = lengthReference(buffer, options);
        const got = new Float64Array(buffer, region.at, length + 1).fill(-1);
        const canaries = data.canaries();
        (await createKernels(data.arena.memory, { implementation })).rowLengths(options);
        expect(data.canaries()).toBe(canaries);
        expect(got[length]).toBe(-1);
        // Two orders of summation in float64.
        for (const [i, value] of want.entries()) expect(Math.abs(got[i] / value - 1)).toBeLessThan(1e-14);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('refuse what would read or write elsewhere, by name', async () => {
    const data = new RandomCase(1);
    const x = data.rows(1, 3, 5, () => 1);
    const { at } = data.arena.float32(8);
    const { rowLengths } = await createKernels(data.arena.memory, { implementation });
    expect(() => rowLengths({ length: 3, channels: 5, x, to: at + 4 })).toThrow('expected a multiple of 8');
    expect(() => rowLengths({ length: 3, channels: 5, x: { ...x, stride: 4 }, to: at })).toThrow(
      'x.stride is 4',
    );
    const { byteLength } = data.arena.memory.buffer;
    expect(() => rowLengths({ length: 3, channels: 5, x, to: byteLength - 16 })).toThrow(/^to ends at byte/);
  });
});
