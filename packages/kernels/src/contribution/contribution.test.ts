import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { relativeError } from '../test-support/differences.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { contributionReference, readerWeightReference } from './contribution.ts';

const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 1, max: 9 }),
  // Less than the widest vector, a whole one, and more.
  channels: fc.integer({ min: 1, max: 37 }),
});

describeImplementations('around the scan that reads contributions', (implementation) => {
  it('weights and contributions are their twins’ on 200 random shapes, and write nothing beside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, shape) => {
        const { batch, length, channels } = shape;
        const data = new RandomCase(seed);
        const wide = () => data.rows(batch, length, channels, () => data.between(-4, 4));
        const deltaBias = data.vector(channels, () => data.between(-5, 1));
        const options = { ...shape, delta: wide(), deltaBias };
        const weights = { ...options, z: wide(), to: wide() };
        const contributions = { ...options, u: wide(), read: wide(), to: wide() };
        const { buffer } = data.arena.memory;
        const wanted = [readerWeightReference(buffer, weights), contributionReference(buffer, contributions)];
        const canaries = data.canaries();
        const kernels = await createKernels(data.arena.memory, { implementation });
        kernels.readerWeights(weights);
        kernels.addContributions(contributions);
        expect(data.canaries()).toBe(canaries);
        for (const [i, { to }] of [weights, contributions].entries()) {
          // As the scan's own softplus and SiLU: 1e-7 of each polynomial, more of exponents that are large.
          expect(relativeError(data.read(to, batch, length, channels), wanted[i])).toBeLessThan(5e-6);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('refuse what would read or write elsewhere, by name', async () => {
    const data = new RandomCase(1);
    const rows = () => data.rows(1, 3, 5, () => 0);
    const kernels = await createKernels(data.arena.memory, { implementation });
    const shape = { batch: 1, length: 3, channels: 5, delta: rows(), deltaBias: data.vector(5, () => 0) };
    const beyond = { at: data.arena.memory.buffer.byteLength - 8, stride: 5 };
    expect(() => kernels.readerWeights({ ...shape, z: beyond, to: rows() })).toThrow(/^z ends at byte/);
    expect(() => kernels.readerWeights({ ...shape, z: rows(), to: { at: 0, stride: 5 } })).toThrow(
      /^to is at byte 0/,
    );
    const more = { u: rows(), read: rows(), to: rows() };
    expect(() => kernels.addContributions({ ...shape, ...more, length: 0 })).toThrow(/^length is 0/);
    expect(() => kernels.addContributions({ ...shape, ...more, read: { ...rows(), stride: 4 } })).toThrow(
      'read.stride is 4, less than its 5 floats a row',
    );
  });
});
