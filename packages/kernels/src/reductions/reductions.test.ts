import { reductions, reductionTable } from '@vssm/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { reduceReference, rowReductions } from './reductions.ts';

const shapes = fc.record({
  kind: fc.constantFrom(...rowReductions),
  length: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 70 }),
});

it('the twin is core’s definition, and every reduction of core has a kernel', () => {
  const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i * 7) * 3);
  expect(reductions.map((name) => reductionTable[name].kernel)).toEqual([...rowReductions]);
  for (const kind of rowReductions) {
    const [got] = reduceReference(x.buffer, {
      kind,
      length: 1,
      channels: 12,
      x: { at: 0, stride: 12 },
      to: 0,
    });
    expect(got).toBeCloseTo(reductionTable[kind].of(x, 0, 12), 12);
  }
});

describeImplementations('rows to scores', (implementation) => {
  it('are the twin’s on 400 random shapes, and nothing is written beside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, { kind, length, channels }) => {
        const data = new RandomCase(seed);
        const x = data.rows(1, length, channels, () => data.between(-4, 4));
        const region = data.arena.float32(2 * (length + 1));
        const options = { kind, length, channels, x, to: region.at };
        const { buffer } = data.arena.memory;
        const want = reduceReference(buffer, options);
        const got = new Float64Array(buffer, region.at, length + 1).fill(-1);
        const canaries = data.canaries();
        (await createKernels(data.arena.memory, { implementation })).reduceRows(options);
        expect(data.canaries()).toBe(canaries);
        expect(got[length]).toBe(-1);
        // Two orders of summation in float64, of numbers up to 4 each that may cancel.
        for (const [i, value] of want.entries()) {
          expect(Math.abs(got[i] - value)).toBeLessThan(1e-15 * (4 * channels + Math.abs(value)));
        }
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  it('what is no number stays none', async () => {
    const data = new RandomCase(1);
    for (const channels of [3, 4, 16, 17]) {
      const x = data.rows(1, 1, channels, () => 1);
      const { at } = data.arena.float32(2);
      new Float32Array(data.arena.memory.buffer, x.at, channels)[channels - 1] = Number.NaN;
      const { reduceRows } = await createKernels(data.arena.memory, { implementation });
      for (const kind of rowReductions) {
        reduceRows({ kind, length: 1, channels, x, to: at });
        expect(new Float64Array(data.arena.memory.buffer, at, 1)[0], kind).toBeNaN();
      }
    }
  });

  it('refuse what would read or write elsewhere, by name', async () => {
    const data = new RandomCase(1);
    const x = data.rows(1, 3, 5, () => 1);
    const { at } = data.arena.float32(8);
    const { reduceRows } = await createKernels(data.arena.memory, { implementation });
    const options = { kind: 'l2' as const, length: 3, channels: 5, x, to: at };
    expect(() => reduceRows({ ...options, to: at + 4 })).toThrow('expected a multiple of 8');
    expect(() => reduceRows({ ...options, x: { ...x, stride: 4 } })).toThrow('x.stride is 4');
    expect(() => reduceRows({ ...options, kind: 'max' as 'l2' })).toThrow(
      'kind is "max", expected one of clip',
    );
    const { byteLength } = data.arena.memory.buffer;
    expect(() => reduceRows({ ...options, to: byteLength - 16 })).toThrow(/^to ends at byte/);
  });
});
