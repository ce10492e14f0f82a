import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels, probeNative } from '../kernels.ts';
import { relativeError } from '../test-support/differences.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { type WinogradOptions, winogradReference, winogradScratch, winogradWeights } from './winograd.ts';

/** Relative to the largest value: the transforms multiply rounding by some 20, over sums of up to 300 channels. */
const tolerance = 3e-5;

interface Shape {
  readonly maps: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly outputs: number;
  readonly activation: WinogradOptions['activation'];
}

function mapCase(seed: number, shape: Shape): [RandomCase, WinogradOptions, Float32Array] {
  const { maps, rows, columns, channels, outputs } = shape;
  const data = new RandomCase(seed);
  const draw = () => data.between(-1, 1);
  const weight = Float32Array.from({ length: 9 * channels * outputs }, draw);
  const made = winogradWeights(weight, outputs);
  const options = {
    ...shape,
    x: data.rows(1, maps * rows * columns, channels, draw),
    weight: data.vector(made.length, (i) => made[i]),
    bias: data.vector(outputs, draw),
    scratch: data.vector(winogradScratch(channels), () => Number.NaN),
    to: data.rows(1, maps * rows * columns, outputs, () => 0),
  };
  return [data, options, weight];
}

const probe = await probeNative();

it('is not there in WebAssembly', async () => {
  const kernels = await createKernels(new RandomCase(1).arena.memory, { implementation: 'wasm' });
  expect(kernels.winograd).toBeUndefined();
});

describe.skipIf(!probe.available)('3 x 3 convolutions of maps against their twin, native', () => {
  const errorOf = async (data: RandomCase, options: WinogradOptions, weight: Float32Array) => {
    const { memory } = data.arena;
    const want = winogradReference(memory.buffer, options, weight);
    const canaries = data.canaries();
    (await createKernels(memory, { implementation: 'native' })).winograd!(options);
    expect(data.canaries()).toBe(canaries);
    const { maps, rows, columns, outputs } = options;
    return relativeError(data.read(options.to, 1, maps * rows * columns, outputs), want);
  };

  it('on 200 random shapes', async () => {
    const shapes: fc.Arbitrary<Shape> = fc.record({
      maps: fc.integer({ min: 1, max: 3 }),
      rows: fc.integer({ min: 1, max: 14 }),
      columns: fc.integer({ min: 1, max: 14 }),
      channels: fc.integer({ min: 1, max: 40 }),
      outputs: fc.integer({ min: 1, max: 70 }),
      activation: fc.constantFrom('relu', 'none'),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, shape) => {
        const [data, options, weight] = mapCase(seed, shape);
        // All of a small map may be cut off by ReLU.
        const want = winogradReference(data.arena.memory.buffer, options, weight);
        if (want.every((value) => value === 0)) return;
        expect(await errorOf(data, options, weight)).toBeLessThan(tolerance);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('at the size of a head on regions, more tiles than are worked on at once', async () => {
    const shape = { maps: 14, rows: 7, columns: 7, channels: 300, outputs: 40, activation: 'none' } as const;
    expect(await errorOf(...mapCase(2, shape))).toBeLessThan(tolerance);
  });

  it('lets through what is no number', async () => {
    const shape = { maps: 1, rows: 2, columns: 9, channels: 4, outputs: 5, activation: 'relu' } as const;
    const [data, options] = mapCase(4, shape);
    const { memory } = data.arena;
    new Float32Array(memory.buffer)[options.x.at / 4] = Number.NaN;
    (await createKernels(memory, { implementation: 'native' })).winograd!(options);
    const got = data.read(options.to, 1, 18, 5);
    expect([...got.subarray(0, 5)]).toEqual(Array(5).fill(Number.NaN));
    // A tile is four cells wide and reads one more on either side.
    expect([...got.subarray(8 * 5, 9 * 5)].some(Number.isNaN)).toBe(false);
  });

  it('names what is wrong with a call', async () => {
    const shape = { maps: 1, rows: 2, columns: 3, channels: 4, outputs: 5, activation: 'none' } as const;
    const [data, options] = mapCase(3, shape);
    const kernels = await createKernels(data.arena.memory, { implementation: 'native' });
    const wrong = (change: Partial<WinogradOptions>) => () => kernels.winograd!({ ...options, ...change });
    expect(wrong({})).not.toThrow();
    expect(wrong({ maps: 0 })).toThrow('maps is 0');
    expect(wrong({ outputs: 2 ** 20 })).toThrow('weight ends at byte');
    expect(wrong({ scratch: 64 })).toThrow('scratch is at byte 64');
    expect(wrong({ x: { ...options.x, stride: 3 } })).toThrow('x.stride is 3');
  });
});
