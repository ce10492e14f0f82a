import { silu } from '@vssm/core/reference';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKernels, type Kernels } from '../kernels.ts';
import { workspaceBytes } from '../rows.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { type ConvOptions, convReference } from './conv.ts';

/** Relative to the largest value of a case: at most nine terms, then SiLU, a few roundings of 6e-8 each. */
const tolerance = 1e-6;

type Shape = Pick<ConvOptions, 'batch' | 'length' | 'channels' | 'taps' | 'direction'>;

function convCase(seed: number, shape: Shape, positional: boolean, spread = 2): [RandomCase, ConvOptions] {
  const { batch, length, channels, taps } = shape;
  const data = new RandomCase(seed);
  const draw = () => data.between(-spread, spread);
  return [
    data,
    {
      ...shape,
      x: data.rows(batch, length, channels, draw),
      weight: data.vector(channels * taps, draw),
      bias: data.vector(channels, draw),
      u: data.rows(batch, length, channels, () => 0),
      ...(positional ? { positions: data.positions(batch, length, data.between(0.2, 1)) } : {}),
    },
  ];
}

function compare(kernels: Kernels, data: RandomCase, options: ConvOptions): number {
  const want = convReference(data.arena.memory.buffer, options);
  const canaries = data.canaries();
  kernels.convSilu(options);
  expect(data.canaries()).toBe(canaries);
  const got = data.read(options.u, options.batch, options.length, options.channels);
  let error = 0;
  let scale = 1;
  for (let i = 0; i < want.length; i++) {
    if (!Number.isFinite(got[i])) return Number.POSITIVE_INFINITY;
    error = Math.max(error, Math.abs(got[i] - want[i]));
    scale = Math.max(scale, Math.abs(want[i]));
  }
  return error / scale;
}

describeImplementations('convSilu', (implementation) => {
  const kernelsOver = ({ arena }: RandomCase) => createKernels(arena.memory, { implementation });

  async function errorOf(data: RandomCase, options: ConvOptions): Promise<number> {
    return compare(await kernelsOver(data), data, options);
  }

  it('agrees with its twin on 500 random shapes, both directions, compact and positional', async () => {
    const shapes: fc.Arbitrary<Shape> = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 1, max: 30 }),
      channels: fc.integer({ min: 1, max: 70 }),
      taps: fc.integer({ min: 1, max: 8 }),
      direction: fc.constantFrom('forward', 'backward'),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, fc.boolean(), async (seed, shape, positional) => {
        expect(await errorOf(...convCase(seed, shape, positional))).toBeLessThan(tolerance);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('agrees over several tiles of channels and a rest', async () => {
    const shape = { batch: 1, length: 7, channels: 3101, taps: 4, direction: 'backward' } as const;
    expect(await errorOf(...convCase(1, shape, true))).toBeLessThan(tolerance);
  });

  it('stays finite and right where SiLU saturates', async () => {
    const shape = { batch: 1, length: 20, channels: 24, taps: 4, direction: 'forward' } as const;
    expect(await errorOf(...convCase(2, shape, false, 1000))).toBeLessThan(tolerance);
  });

  /** One channel, taps 1, 10, 100, 1000 from oldest to newest, no bias: digits show what was read from where. */
  async function digits(options: Pick<ConvOptions, 'direction'>, positions?: number[]): Promise<number[]> {
    const data = new RandomCase(0);
    const length = 4;
    const call: ConvOptions = {
      ...{ batch: 1, length, channels: 1, taps: 4, ...options },
      x: { at: data.vector(length, (token) => token + 1), stride: 1 },
      weight: data.vector(4, (tap) => 10 ** tap),
      bias: data.vector(1, () => 0),
      u: { at: data.vector(length, () => 0), stride: 1 },
      ...(positions === undefined ? {} : { positions: data.integers(positions) }),
    };
    (await kernelsOver(data)).convSilu(call);
    // SiLU is the identity for numbers this large.
    return [...data.read(call.u, 1, length, 1)].map(Math.round);
  }

  it('weighs the token itself by the last tap and earlier tokens by the ones before', async () => {
    expect(await digits({ direction: 'forward' })).toEqual([1000, 2100, 3210, 4321]);
    expect(await digits({ direction: 'backward' })).toEqual([1234, 2340, 3400, 4000]);
  });

  it('leaves a hole where a positional tap finds its token pruned', async () => {
    // Kept: 0, 1, 3, 7. Token 3 (value 3) sees 1 at distance 2 and 0 at distance 3; token 7 sees no one.
    expect(await digits({ direction: 'forward' }, [0, 1, 3, 7])).toEqual([1000, 2100, 3021, 4000]);
    expect(await digits({ direction: 'backward' }, [0, 1, 3, 7])).toEqual([1203, 2030, 3000, 4000]);
  });

  it('with nothing pruned, positional taps are compact taps bit for bit', async () => {
    const shape = { batch: 1, length: 12, channels: 20, taps: 4, direction: 'backward' } as const;
    const [data, options] = convCase(4, shape, false);
    const kernels = await kernelsOver(data);
    kernels.convSilu(options);
    const compact = data.read(options.u, 1, 12, 20);
    kernels.convSilu({ ...options, positions: data.integers(Array.from({ length: 12 }, (_, i) => i)) });
    expect(data.read(options.u, 1, 12, 20)).toEqual(compact);
  });

  it('touches nothing but its output when positions lie far apart', async () => {
    const shape = { batch: 1, length: 3, channels: 8, taps: 4, direction: 'forward' } as const;
    const [data, options] = convCase(6, shape, false);
    const kernels = await kernelsOver(data);
    // 112,650 words behind the list of tap rows lies the input.
    const positions = data.integers([0, 112_650, 2_000_000_000]);
    const u = { at: data.arena.float32(24).at, stride: 8 };
    const before = new Uint8Array(data.arena.memory.buffer, 0, u.at).slice(workspaceBytes);
    kernels.convSilu({ ...options, positions, u });
    const after = new Uint8Array(data.arena.memory.buffer, 0, u.at).slice(workspaceBytes);
    expect(Buffer.compare(after, before)).toBe(0);
  });

  it('of a single token is SiLU(bias + last tap · x)', async () => {
    const [data, options] = convCase(
      5,
      { batch: 1, length: 1, channels: 5, taps: 4, direction: 'forward' },
      false,
    );
    const floats = new Float32Array(data.arena.memory.buffer);
    (await kernelsOver(data)).convSilu(options);
    const got = data.read(options.u, 1, 1, 5);
    for (let channel = 0; channel < 5; channel++) {
      const tap = floats[options.weight / 4 + channel * 4 + 3];
      const sum = floats[options.bias / 4 + channel] + tap * floats[options.x.at / 4 + channel];
      expect(got[channel]).toBeCloseTo(silu(sum), 5);
    }
  });
});
