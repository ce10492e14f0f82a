/** The gradient kernels against their twins, and the twins against finite differences in float64. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import type { KernelImplementation } from '../native/choice.ts';
import {
  differenceError,
  differenceTolerance,
  dot,
  kernelTolerance,
  relativeError,
} from '../test-support/differences.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase, randomSource } from '../test-support/random-case.ts';
import {
  type ConvArrays,
  type ConvBackwardOptions,
  convBackwardReference,
  convBackwardScratch,
  convForward,
  convPullback,
} from './backward-conv.ts';
import { gateBackwardReference, gateReference } from './backward-gate.ts';
import {
  type ScanArrays,
  type ScanBackwardOptions,
  scanBackwardReference,
  scanBackwardScratch,
  scanForward,
  scanPullback,
} from './backward-scan.ts';

const small = fc.record({
  length: fc.integer({ min: 1, max: 7 }),
  channels: fc.integer({ min: 1, max: 3 }),
  pruned: fc.boolean(),
  seed: fc.integer(),
});

function numbers(random: () => number, count: number, low: number, high: number): Float64Array {
  return Float64Array.from({ length: count }, () => low + (high - low) * random());
}

/** Rising, with gaps where `pruned`. */
function positionsOf(random: () => number, length: number, pruned: boolean): number[] {
  let position = 0;
  return Array.from({ length }, () => (position += pruned ? 1 + Math.floor(4 * random()) : 1));
}

describe('the twins against finite differences', () => {
  it('the scan, with and without gaps', () => {
    fc.assert(
      fc.property(small, fc.constantFrom(1, 4), ({ length, channels, pruned, seed }, states) => {
        const random = randomSource(seed);
        const draw = (count: number, low = -1, high = 1) => numbers(random, count, low, high);
        const inputs = {
          delta: draw(length * channels, -2, 2),
          deltaBias: draw(channels),
          a: draw(channels * states, -2, -0.1),
          d: draw(channels),
          b: draw(length * states),
          c: draw(length * states),
          u: draw(length * channels),
        };
        const positions = positionsOf(random, length, pruned);
        const gaps = positions.map((p, i) => (i === 0 ? 0 : p - positions[i - 1] - 1));
        const arrays: ScanArrays = { length, channels, states, ...inputs, gaps };
        const weights = draw(length * channels);
        const gradients = scanPullback(arrays, weights);
        const loss = () => dot(scanForward(arrays), weights);
        expect(differenceError(loss, inputs, gradients)).toBeLessThan(differenceTolerance);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('the convolution, compact and positional', () => {
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: 5 }), ({ length, channels, pruned, seed }, taps) => {
        const random = randomSource(seed);
        const draw = (count: number) => numbers(random, count, -2, 2);
        const inputs = { x: draw(length * channels), weight: draw(channels * taps), bias: draw(channels) };
        const arrays: ConvArrays = {
          length,
          channels,
          taps,
          ...inputs,
          ...(pruned && { positions: positionsOf(random, length, true) }),
        };
        const weights = draw(length * channels);
        const gradients = convPullback(arrays, weights);
        const loss = () => dot(convForward(arrays), weights);
        expect(differenceError(loss, inputs, gradients)).toBeLessThan(differenceTolerance);
      }),
      { numRuns: 60, seed: 2 },
    );
  });

  it('the gate', () => {
    const random = randomSource(3);
    const count = 40;
    const data = new RandomCase(4);
    const shape = { batch: 1, length: 5, channels: 8, scale: 0.5 };
    const row = (at: number) => ({ at, stride: 8 });
    // Every number of 2^-10 is exact in float32, and so are steps of that size.
    const exact = () => Math.round(4096 * (random() - 0.5)) / 1024;
    const [ssm, z, dy, y] = [exact, exact, exact, () => 0].map((value) => data.vector(count, value));
    const options = { ...shape, ssm: row(ssm), z: row(z), dy: row(dy), y: row(y), dSsm: row(y), dZ: row(y) };
    const { buffer } = data.arena.memory;
    const floats = new Float32Array(buffer);
    const loss = () => dot(gateReference(buffer, options), floats.subarray(dy / 4, dy / 4 + count));
    const want = gateBackwardReference(buffer, options);
    const step = 2 ** -10;
    for (const [at, gradient] of [
      [ssm, want.dSsm],
      [z, want.dZ],
    ] as const) {
      for (let i = 0; i < count; i++) {
        const value = floats[at / 4 + i];
        floats[at / 4 + i] = value + step;
        const above = loss();
        floats[at / 4 + i] = value - step;
        const slope = (above - loss()) / (2 * step);
        floats[at / 4 + i] = value;
        // A third derivative of order one times step² / 6.
        expect(Math.abs(slope - gradient[i])).toBeLessThan(2e-6);
      }
    }
  });
});

const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 1, max: 40 }),
  channels: fc.integer({ min: 1, max: 5 }).map((groups) => 8 * groups),
  direction: fc.constantFrom<'forward' | 'backward'>('forward', 'backward'),
});

type Shape = Pick<ScanBackwardOptions, 'batch' | 'length' | 'channels' | 'direction'>;

function scanCase(
  seed: number,
  { batch, length, channels, direction }: Shape,
  states: number,
  decay: boolean,
  delta: readonly [number, number] = [-3, 3],
): [RandomCase, ScanBackwardOptions] {
  const data = new RandomCase(seed);
  const draw = () => data.between(-1, 1);
  const zero = () => 0;
  const options = {
    ...{ batch, length, channels, states, direction },
    delta: data.rows(batch, length, channels, () => data.between(...delta)),
    deltaBias: data.vector(channels, draw),
    a: data.vector(channels * states, () => -Math.exp(data.between(-2, 3))),
    d: data.vector(channels, draw),
    b: data.rows(batch, length, states, draw),
    c: data.rows(batch, length, states, draw),
    u: data.rows(batch, length, channels, draw),
    dy: data.rows(batch, length, channels, draw),
    dDelta: data.rows(batch, length, channels, zero),
    dU: data.rows(batch, length, channels, zero),
    dB: data.rows(batch, length, states, zero),
    dC: data.rows(batch, length, states, zero),
    dDeltaBias: data.vector(channels, draw),
    dA: data.vector(channels * states, draw),
    dD: data.vector(channels, draw),
    scratch: data.vector(scanBackwardScratch(length, states), () => Number.NaN),
    ...(decay && { positions: data.positions(batch, length, data.between(0.2, 1)) }),
  };
  return [data, options];
}

async function scanError(
  data: RandomCase,
  options: ScanBackwardOptions,
  implementation: KernelImplementation,
): Promise<number> {
  const { batch, length, channels, states } = options;
  const want = scanBackwardReference(data.arena.memory.buffer, options);
  const canaries = data.canaries();
  (await createKernels(data.arena.memory, { implementation })).scanBackward(options);
  expect(data.canaries()).toBe(canaries);
  const vector = (at: number, count: number) => new Float32Array(data.arena.memory.buffer, at, count);
  return Math.max(
    relativeError(data.read(options.dDelta, batch, length, channels), want.delta),
    relativeError(data.read(options.dU, batch, length, channels), want.u),
    relativeError(data.read(options.dB, batch, length, states), want.b),
    relativeError(data.read(options.dC, batch, length, states), want.c),
    relativeError(vector(options.dDeltaBias, channels), want.deltaBias),
    relativeError(vector(options.dA, channels * states), want.a),
    relativeError(vector(options.dD, channels), want.d),
  );
}

describeImplementations('the scan’s gradient against its twin', (implementation) => {
  it('on 150 random shapes, both directions, with and without gaps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        shapes,
        fc.constantFrom(4, 8, 16),
        fc.boolean(),
        async (seed, ...rest) => {
          expect(await scanError(...scanCase(seed, ...rest), implementation)).toBeLessThan(kernelTolerance);
        },
      ),
      { numRuns: 150, seed: 1 },
    );
  });

  it('where decays underflow', async () => {
    const shape: Shape = { batch: 1, length: 30, channels: 16, direction: 'forward' };
    const error = await scanError(...scanCase(7, shape, 8, true, [-60, 60]), implementation);
    expect(error).toBeLessThan(kernelTolerance);
  });
});

describeImplementations('the convolution’s gradient against its twin', (implementation) => {
  it('the convolution, on 150 random shapes, both directions, compact and positional', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        shapes,
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        fc.boolean(),
        async (seed, { batch, length, channels, direction }, taps, positional, accumulate) => {
          const data = new RandomCase(seed);
          const draw = () => data.between(-2, 2);
          const options: ConvBackwardOptions = {
            ...{ batch, length, channels, taps, direction, accumulate },
            x: data.rows(batch, length, channels, draw),
            weight: data.vector(channels * taps, draw),
            bias: data.vector(channels, draw),
            du: data.rows(batch, length, channels, draw),
            dx: data.rows(batch, length, channels, draw),
            dWeight: data.vector(channels * taps, draw),
            dBias: data.vector(channels, draw),
            scratch: data.vector(convBackwardScratch(channels, taps), () => Number.NaN),
            ...(positional && { positions: data.positions(batch, length, data.between(0.2, 1)) }),
          };
          const want = convBackwardReference(data.arena.memory.buffer, options);
          const canaries = data.canaries();
          (await createKernels(data.arena.memory, { implementation })).convBackward(options);
          expect(data.canaries()).toBe(canaries);
          const vector = (at: number, count: number) => new Float32Array(data.arena.memory.buffer, at, count);
          const got = data.read(options.dx, batch, length, channels);
          expect(relativeError(got, want.x)).toBeLessThan(kernelTolerance);
          expect(relativeError(vector(options.dWeight, channels * taps), want.weight)).toBeLessThan(
            kernelTolerance,
          );
          expect(relativeError(vector(options.dBias, channels), want.bias)).toBeLessThan(kernelTolerance);
        },
      ),
      { numRuns: 150, seed: 2 },
    );
  });
});

describe('the kernels against their twins', () => {
  it('the gate and its gradient, in place', async () => {
    const data = new RandomCase(9);
    const [batch, length, channels] = [2, 7, 24];
    const rows = (spread: number) => data.rows(batch, length, channels, () => data.between(-spread, spread));
    const [ssm, z, dy, dZ] = [rows(3), rows(90), rows(3), rows(1)];
    const options = { batch, length, channels, scale: 0.5, ssm, z };
    const kernels = await createKernels(data.arena.memory);
    const { buffer } = data.arena.memory;
    const wantGradients = gateBackwardReference(buffer, { ...options, dy, dSsm: dy, dZ });
    const canaries = data.canaries();
    kernels.gateBackward({ ...options, dy, dSsm: dy, dZ });
    expect(relativeError(data.read(dy, batch, length, channels), wantGradients.dSsm)).toBeLessThan(1e-6);
    expect(relativeError(data.read(dZ, batch, length, channels), wantGradients.dZ)).toBeLessThan(1e-6);
    const want = gateReference(buffer, { ...options, y: ssm });
    kernels.gate({ ...options, y: ssm });
    expect(relativeError(data.read(ssm, batch, length, channels), want)).toBeLessThan(1e-6);
    expect(data.canaries()).toBe(canaries);
  });

  it('refuse what would read or write elsewhere, by name', async () => {
    const shape: Shape = { batch: 1, length: 3, channels: 8, direction: 'forward' };
    const [data, options] = scanCase(1, shape, 4, true);
    const kernels = await createKernels(data.arena.memory);
    expect(() => kernels.scanBackward({ ...options, channels: 12 })).toThrow('channels is 12');
    expect(() => kernels.scanBackward({ ...options, states: 6 })).toThrow('states is 6');
    expect(() => kernels.scanBackward({ ...options, scratch: 8 })).toThrow('scratch');
    expect(() => kernels.scanBackward({ ...options, dU: { at: 2 ** 33, stride: 8 } })).toThrow('dU');
  });
});
