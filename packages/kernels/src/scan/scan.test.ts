import type { Direction } from '@vssm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels, type Kernels } from '../kernels.ts';
import type { Rows } from '../rows.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { twinOf } from '../test-support/twin-of.ts';
import { type ScanOptions, scanReference } from './scan.ts';

interface Shape {
  readonly batch: number;
  readonly length: number;
  readonly channels: number;
  readonly states: number;
}

/** How the random values are drawn; the defaults look like a trained Vim's. */
interface Ranges {
  readonly delta?: readonly [number, number];
  readonly bias?: readonly [number, number];
  readonly a?: readonly [number, number];
  readonly u?: readonly [number, number];
}

interface Choices {
  readonly direction: Direction;
  readonly accumulate?: boolean;
  readonly decay: boolean;
  /** The gate's scale; absent: no gate. */
  readonly gate?: number;
  /** Whether the direction's own output is wanted too. */
  readonly own?: boolean;
  readonly ownGated?: boolean;
}

function scanCase(
  seed: number,
  shape: Shape,
  choices: Choices,
  ranges: Ranges = {},
): [RandomCase, ScanOptions] {
  const { batch, length, channels, states } = shape;
  const data = new RandomCase(seed);
  const draw = ([low, high]: readonly [number, number]) => data.between(low, high);
  const wide = (width: number, range: readonly [number, number]) =>
    data.rows(batch, length, width, () => draw(range));
  const options: ScanOptions = {
    ...shape,
    direction: choices.direction,
    delta: wide(channels, ranges.delta ?? [-2, 2]),
    deltaBias: data.vector(channels, () => draw(ranges.bias ?? [-5, 1])),
    a: data.vector(channels * states, () => -Math.exp(draw(ranges.a ?? [-1, 3]))),
    d: data.vector(channels, () => draw([-1, 1])),
    b: wide(states, [-1, 1]),
    c: wide(states, [-1, 1]),
    u: wide(channels, ranges.u ?? [-1, 1]),
    y: wide(channels, [-1, 1]),
    ...(choices.accumulate === undefined ? {} : { accumulate: choices.accumulate }),
    ...(choices.decay ? { positions: data.positions(batch, length) } : {}),
    ...(choices.gate === undefined ? {} : { gate: { z: wide(channels, [-6, 6]), scale: choices.gate } }),
    ...(choices.own ? { own: data.rows(batch, length, channels, () => 1e30) } : {}),
    ...(choices.ownGated ? { ownGated: true } : {}),
  };
  return [data, options];
}

interface Errors {
  readonly y: number;
  readonly own: number;
}

/**
 * Runs kernel and twin. Errors are relative to the largest value of the case, at least 1: the inputs are of order
 * 1, and float32 sums keep their precision relative to their largest terms.
 */
function compare(kernels: Kernels, data: RandomCase, options: ScanOptions): Errors {
  const { batch, length, channels } = options;
  const want = twinOf(scanReference, data, options);
  const canaries = data.canaries();
  kernels.selectiveScan(options);
  expect(data.canaries()).toBe(canaries);
  const { own } = options;
  return {
    y: largestError(data.read(options.y, batch, length, channels), want.y),
    own: own === undefined ? 0 : largestError(data.read(own, batch, length, channels), want.own),
  };
}

function largestError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  let error = 0;
  let scale = 1;
  for (let i = 0; i < want.length; i++) {
    if (!Number.isFinite(got[i])) return Number.POSITIVE_INFINITY;
    error = Math.max(error, Math.abs(got[i] - want[i]));
    scale = Math.max(scale, Math.abs(want[i]));
  }
  return error / scale;
}

const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 1, max: 40 }),
  channels: fc.integer({ min: 1, max: 90 }),
  states: fc.constantFrom(4, 8, 12, 16, 20, 32),
});
const choices: fc.Arbitrary<Choices> = fc.record({
  direction: fc.constantFrom('forward', 'backward'),
  accumulate: fc.boolean(),
  decay: fc.boolean(),
  gate: fc.constantFrom(1, 0.5),
  own: fc.boolean(),
  ownGated: fc.boolean(),
});

/**
 * float32 resolves 6e-8, a decay factor errs by at most 1.7e-7 (its polynomial), and both add up over tokens and
 * over terms that partly cancel. Largest error seen in 12,000 cases: 1.2e-6.
 */
const tolerance = 4e-6;
/** With Δ up to 100 and |A| from 6e-6 to 160,000 the terms cancel further; largest seen in 3,000 cases: 4.5e-6. */
const extremeTolerance = 2e-5;

/** The same cases in every run. */
const seed = 1;

/** Everything in order: the plainest call, for tests about one thing. */
const plain: Choices = { direction: 'forward', decay: false };

describeImplementations('selectiveScan', (implementation) => {
  const kernelsOver = ({ arena }: RandomCase) => createKernels(arena.memory, { implementation });

  async function run(data: RandomCase, options: ScanOptions): Promise<Errors> {
    return compare(await kernelsOver(data), data, options);
  }

  describe('selectiveScan against its twin', () => {
    it('agrees on 1,000 random shapes, strides and options', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), shapes, choices, async (data, shape, choice) => {
          const errors = await run(...scanCase(data, shape, choice));
          expect(errors.y).toBeLessThan(tolerance);
          expect(errors.own).toBeLessThan(tolerance);
        }),
        { numRuns: 1000, seed },
      );
    });

    it('agrees without a gate, and leaves y as it is where its own output is wanted too', async () => {
      const shape = { batch: 2, length: 19, channels: 21, states: 8 };
      const [data, options] = scanCase(1, shape, { ...plain, own: true });
      const errors = await run(data, options);
      expect(errors.y).toBeLessThan(tolerance);
      // The first direction has nothing to add to: both are the same numbers.
      expect(data.read(options.own!, 2, 19, 21)).toEqual(data.read(options.y, 2, 19, 21));
      expect((await run(...scanCase(2, shape, { ...plain, decay: true }))).y).toBeLessThan(tolerance);
    });

    it('agrees at the size of Vim-S, decay and gate on', async () => {
      const shape = { batch: 1, length: 197, channels: 768, states: 16 };
      const choice: Choices = {
        direction: 'backward',
        decay: true,
        accumulate: true,
        gate: 0.5,
        own: true,
      };
      const errors = await run(...scanCase(3, shape, choice));
      expect(errors.y).toBeLessThan(tolerance);
      expect(errors.own).toBeLessThan(tolerance);
    });

    it('agrees for large states, over several tiles of channels and a rest', async () => {
      for (const [states, channels] of [
        [64, 27],
        [128, 203],
        [256, 307],
      ]) {
        const shape = { batch: 1, length: 18, channels, states };
        expect((await run(...scanCase(states, shape, plain))).y).toBeLessThan(tolerance);
      }
    });

    it('agrees where |ΔA| is so large that every decay underflows, also mixed with small ones', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), shapes, choices, async (data, shape, choice) => {
          const ranges = { delta: [-30, 90], bias: [-10, 10], a: [-12, 12] } as const;
          expect((await run(...scanCase(data, shape, choice, ranges))).y).toBeLessThan(extremeTolerance);
        }),
        { numRuns: 200, seed },
      );
    });

    it('lets a fading state vanish before it becomes denormal', async () => {
      // Δ = softplus(0) = log 2 and A = -1: h halves with every token, 2^-119 after the last one if nobody intervenes.
      const shape = { batch: 1, length: 120, channels: 8, states: 4 };
      const [data, options] = scanCase(5, shape, plain, { delta: [0, 0], bias: [0, 0], a: [0, 0] });
      const floats = new Float32Array(data.arena.memory.buffer);
      for (let token = 1; token < 120; token++) {
        const row = rowStart(options.u, token);
        floats.fill(0, row, row + 8);
      }
      expect((await run(data, options)).y).toBeLessThan(tolerance);
      const y = data.read(options.y, 1, 120, 8);
      expect(y.subarray(80 * 8, 81 * 8).every((value) => value !== 0)).toBe(true);
      expect(y.subarray(119 * 8).every((value) => value === 0)).toBe(true);
    });
  });

  describe('softplus inside the scan', () => {
    /** One token, so no decay yet; C · B = 1, u = 1, D = 0: y is Δ itself. */
    async function softplusOf(values: readonly number[]): Promise<Float32Array> {
      const data = new RandomCase(0);
      const length = 1;
      const channels = values.length;
      const options: ScanOptions = {
        ...{ batch: 1, length, channels, states: 4, direction: 'forward' },
        delta: data.rows(1, 1, channels, () => 0),
        deltaBias: data.vector(channels, (i) => values[i]),
        a: data.vector(channels * 4, () => -1),
        d: data.vector(channels, () => 0),
        b: data.rows(1, 1, 4, () => 0.25),
        c: data.rows(1, 1, 4, () => 1),
        u: data.rows(1, 1, channels, () => 1),
        y: data.rows(1, 1, channels, () => 0),
      };
      (await kernelsOver(data)).selectiveScan(options);
      return data.read(options.y, 1, 1, channels);
    }

    it('is exact to float32 from -20 to 20, relatively', async () => {
      const values = Array.from({ length: 401 }, (_, i) => Math.fround(-20 + i / 10));
      const got = await softplusOf(values);
      // At -20 the exponent's own rounding (20 · log2 e · 6e-8) is the largest part of the error.
      for (const [i, value] of values.entries()) {
        const want = Math.log1p(Math.exp(value));
        expect(Math.abs(got[i] / want - 1)).toBeLessThan(2.5e-6);
      }
    });

    it('is the identity above 20 and next to nothing far below', async () => {
      expect([...(await softplusOf([20.5, 33, 1000, 3e38]))]).toEqual([20.5, 33, 1000, Math.fround(3e38)]);
      for (const value of await softplusOf([-60, -90, -1000, -3e38])) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(1e-23);
      }
    });
  });

  describe('properties of the scan', () => {
    const shape = { batch: 2, length: 23, channels: 19, states: 8 };

    it('without a pruned token, decay is none bit for bit', async () => {
      const [data, options] = scanCase(11, shape, plain);
      const kernels = await kernelsOver(data);
      kernels.selectiveScan(options);
      const none = data.read(options.y, 2, 23, 19);
      const positions = data.integers(Array.from({ length: 46 }, (_, i) => i % 23));
      kernels.selectiveScan({ ...options, positions });
      expect(data.read(options.y, 2, 23, 19)).toEqual(none);
    });

    it('decay over kept tokens is the whole sequence with the pruned ones at Δ∅ and without input', async () => {
      const kept = [0, 3, 4, 9, 10, 15, 22];
      for (const direction of ['forward', 'backward'] as const) {
        const [data, options] = scanCase(12, { ...shape, batch: 1 }, { ...plain, direction });
        const floats = new Float32Array(data.arena.memory.buffer);
        for (let token = 0; token < 23; token++) {
          if (kept.includes(token)) continue;
          floats.fill(0, rowStart(options.u, token), rowStart(options.u, token) + 19);
          floats.fill(0, rowStart(options.delta, token), rowStart(options.delta, token) + 19);
        }
        const whole = scanReference(data.arena.memory.buffer, options).y;
        const pick = (rows: Rows, width: number): Rows => {
          const to = data.vector(kept.length * width, () => 0);
          const all = new Float32Array(data.arena.memory.buffer);
          for (const [m, token] of kept.entries()) {
            const from = rowStart(rows, token);
            all.copyWithin(to / 4 + m * width, from, from + width);
          }
          return { at: to, stride: width };
        };
        const compact: ScanOptions = {
          ...options,
          length: kept.length,
          delta: pick(options.delta, 19),
          u: pick(options.u, 19),
          b: pick(options.b, 8),
          c: pick(options.c, 8),
          y: { at: data.vector(kept.length * 19, () => 0), stride: 19 },
          positions: data.integers(kept),
        };
        (await kernelsOver(data)).selectiveScan(compact);
        const got = data.read(compact.y, 1, kept.length, 19);
        const want = kept.flatMap((token) => [...whole.subarray(token * 19, token * 19 + 19)]);
        expect(largestError(got, want)).toBeLessThan(tolerance);
      }
    });

    it('gives each image the same result alone as in a batch, bit for bit', async () => {
      const choice: Choices = { direction: 'backward', decay: true, gate: 1 };
      const [data, options] = scanCase(13, shape, choice);
      const kernels = await kernelsOver(data);
      kernels.selectiveScan(options);
      const together = data.read(options.y, 2, 23, 19);
      const second = (rows: Rows): Rows => ({ ...rows, at: rows.at + 4 * (rows.imageStride ?? 0) });
      kernels.selectiveScan({
        ...options,
        batch: 1,
        delta: second(options.delta),
        b: second(options.b),
        c: second(options.c),
        u: second(options.u),
        y: second(options.y),
        gate: { z: second(options.gate!.z) },
        positions: options.positions! + 4 * 23,
      });
      expect(data.read(second(options.y), 1, 23, 19)).toEqual(together.slice(23 * 19));
    });

    it('works in a memory where another scan has just run', async () => {
      const [data, options] = scanCase(14, shape, plain);
      const kernels = await kernelsOver(data);
      kernels.selectiveScan(options);
      const first = data.read(options.y, 2, 23, 19);
      kernels.selectiveScan({ ...options, direction: 'backward', channels: 13 });
      kernels.selectiveScan(options);
      expect(data.read(options.y, 2, 23, 19)).toEqual(first);
    });
  });
});

function rowStart(rows: Rows, token: number): number {
  return rows.at / 4 + token * rows.stride;
}
