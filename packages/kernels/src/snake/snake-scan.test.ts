import { keptOrder, snakeOrders } from '@vssm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels, type Kernels } from '../kernels.ts';
import type { Rows } from '../rows.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { twinOf } from '../test-support/twin-of.ts';
import { fillSnakeTables } from './snake-orders.ts';
import { type SnakeScanOptions, snakeScanReference } from './snake-scan.ts';

interface Shape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly states: number;
}

/** How the random values are drawn; the defaults look like a trained model's. */
interface Ranges {
  readonly delta?: readonly [number, number];
  readonly bias?: readonly [number, number];
  readonly a?: readonly [number, number];
}

interface Choices {
  /** Cells that hold a token, per image; absent: all. */
  readonly kept?: number;
  readonly decay: boolean;
  readonly gate: boolean;
  /** Whether the sum before the gate is wanted too. */
  readonly sum?: boolean;
}

function snakeCase(
  seed: number,
  shape: Shape,
  choices: Choices,
  ranges: Ranges = {},
): [RandomCase, SnakeScanOptions] {
  const { batch, channels, states, rows, columns } = shape;
  const length = choices.kept ?? rows * columns;
  const data = new RandomCase(seed);
  const draw = ([low, high]: readonly [number, number]) => data.between(low, high);
  const wide = (width: number, range: readonly [number, number]) =>
    data.rows(batch, length, width, () => draw(range));
  const cells = new Int32Array(
    data.arena.memory.buffer,
    data.cells(batch, rows * columns, length),
    batch * length,
  ).slice();
  const { orders, moves, gaps } = tablesOf(data, shape, cells);
  return [
    data,
    {
      ...{ batch, length, channels, states, orders, moves },
      ...(choices.decay ? { gaps } : {}),
      delta: wide(channels, ranges.delta ?? [-2, 2]),
      deltaBias: data.vector(channels, () => draw(ranges.bias ?? [-5, 1])),
      a: data.vector(channels * states, () => -Math.exp(draw(ranges.a ?? [-1, 3]))),
      d: data.vector(channels, () => draw([-1, 1])),
      b: wide(states, [-1, 1]),
      c: wide(states, [-1, 1]),
      directionB: data.vector(5 * states, () => draw([-1, 1])),
      u: wide(channels, [-1, 1]),
      y: data.rows(batch, length, channels, () => 1e30),
      ...(choices.gate ? { gate: { z: wide(channels, [-6, 6]) } } : {}),
      ...(choices.sum ? { sum: data.rows(batch, length, channels, () => 1e30) } : {}),
    },
  ];
}

/** The tables of the tokens in `cells`, in the case's memory. */
function tablesOf(
  data: RandomCase,
  { rows, columns, batch }: Pick<Shape, 'rows' | 'columns' | 'batch'>,
  cells: Int32Array,
): Pick<Required<SnakeScanOptions>, 'orders' | 'moves' | 'gaps'> {
  const empty = () => new Int32Array(4 * cells.length);
  const tables = { orders: empty(), moves: empty(), gaps: empty() };
  fillSnakeTables(snakeOrders(rows, columns), cells, batch, tables);
  return {
    orders: data.integers(tables.orders),
    moves: data.integers(tables.moves),
    gaps: data.integers(tables.gaps),
  };
}

interface Errors {
  readonly y: number;
  readonly sum: number;
}

/** Runs kernel and twin. Errors are relative to the largest value of the case, at least 1. */
function compare(kernels: Kernels, data: RandomCase, options: SnakeScanOptions): Errors {
  const { batch, length, channels } = options;
  const want = twinOf(snakeScanReference, data, options);
  const canaries = data.canaries();
  kernels.snakeScan(options);
  expect(data.canaries()).toBe(canaries);
  const { sum } = options;
  return {
    y: largestError(data.read(options.y, batch, length, channels), want.y),
    sum: sum === undefined ? 0 : largestError(data.read(sum, batch, length, channels), want.sum),
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
  rows: fc.integer({ min: 1, max: 7 }),
  columns: fc.integer({ min: 1, max: 7 }),
  channels: fc.integer({ min: 1, max: 60 }),
  states: fc.constantFrom(4, 8, 12, 16, 20, 32),
});
const cases = fc.record({
  shape: shapes,
  keep: fc.constantFrom(1, 1, 0.8, 0.5, 0.2),
  decay: fc.boolean(),
  gate: fc.boolean(),
  sum: fc.boolean(),
});

function drawn(seed: number, of: typeof cases extends fc.Arbitrary<infer T> ? T : never, ranges?: Ranges) {
  const { shape, keep, decay, gate, sum } = of;
  const kept = Math.ceil(keep * shape.rows * shape.columns);
  return snakeCase(seed, shape, { kept, decay, gate, sum }, ranges);
}

/**
 * float32 resolves 6e-8, a decay factor errs by at most 1.7e-7 (its polynomial), twice where there is a gap, and all
 * add up over steps, directions and terms that partly cancel. Largest error seen in 6,000 cases: 1.5e-6.
 */
const tolerance = 4e-6;
/** With Δ up to 100 and |A| from 6e-6 to 160,000 the terms cancel further; largest seen in 2,000 cases: 7.8e-6. */
const extremeTolerance = 2e-5;

/** The same cases in every run. */
const seed = 1;

const plain: Choices = { decay: false, gate: false };

describeImplementations('snakeScan', (implementation) => {
  const kernelsOver = ({ arena }: RandomCase) => createKernels(arena.memory, { implementation });
  const run = async (data: RandomCase, options: SnakeScanOptions) =>
    compare(await kernelsOver(data), data, options);

  describe('snakeScan against its twin', () => {
    it('agrees on 1,000 random grids, pruned and whole, with all options', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), cases, async (data, of) => {
          const errors = await run(...drawn(data, of));
          expect(errors.y).toBeLessThan(tolerance);
          expect(errors.sum).toBeLessThan(tolerance);
        }),
        { numRuns: 1000, seed },
      );
    });

    it('agrees where |ΔA| is so large that every decay underflows, also mixed with small ones', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), cases, async (data, of) => {
          const ranges = { delta: [-30, 90], bias: [-10, 10], a: [-12, 12] } as const;
          expect((await run(...drawn(data, of, ranges))).y).toBeLessThan(extremeTolerance);
        }),
        { numRuns: 200, seed },
      );
    });

    it('agrees at the size of PlainMamba-L1, pruned by half', async () => {
      const shape = { batch: 1, rows: 14, columns: 14, channels: 384, states: 16 };
      const errors = await run(...snakeCase(1, shape, { kept: 98, decay: true, gate: true, sum: true }));
      expect(errors.y).toBeLessThan(tolerance);
      expect(errors.sum).toBeLessThan(tolerance);
    });

    it('agrees for large states, over several tiles of channels and a rest', async () => {
      for (const [states, channels] of [
        [16, 523],
        [64, 147],
        [256, 45],
      ]) {
        const shape = { batch: 1, rows: 3, columns: 6, channels, states };
        const errors = await run(...snakeCase(states, shape, { ...plain, kept: 17, decay: true }));
        expect(errors.y).toBeLessThan(tolerance);
      }
    });

    it('agrees where gaps are longer than any table', async () => {
      const shape = { batch: 2, rows: 20, columns: 20, channels: 12, states: 8 };
      // Long memory, so that what a gap leaves of the state matters.
      const [data, options] = snakeCase(
        7,
        shape,
        { ...plain, kept: 20, decay: true },
        { bias: [-6, -4], a: [-3, 0] },
      );
      const gaps = new Int32Array(data.arena.memory.buffer, options.gaps, 160);
      expect(Math.max(...gaps)).toBeGreaterThan(60);
      expect((await run(data, options)).y).toBeLessThan(tolerance);
    });

    it('lets a fading state vanish before it becomes denormal', async () => {
      // Δ = softplus(0) = log 2 and A = -1: the state halves at every step.
      const shape = { batch: 1, rows: 1, columns: 300, channels: 8, states: 4 };
      const [data, options] = snakeCase(5, shape, plain, { delta: [0, 0], bias: [0, 0], a: [0, 0] });
      const floats = new Float32Array(data.arena.memory.buffer);
      for (let token = 0; token < 300; token++) {
        const row = options.u.at / 4 + token * options.u.stride;
        if (token !== 150) floats.fill(0, row, row + 8);
      }
      expect((await run(data, options)).y).toBeLessThan(tolerance);
      const y = data.read(options.y, 1, 300, 8);
      expect(y.subarray(170 * 8, 171 * 8).every((value) => value !== 0)).toBe(true);
      expect(y.subarray(299 * 8).every((value) => value === 0)).toBe(true);
      expect(y.subarray(0, 8).every((value) => value === 0)).toBe(true);
    });
  });

  describe('properties of the four-direction scan', () => {
    const shape = { batch: 2, rows: 4, columns: 5, channels: 19, states: 8 };
    const all: Choices = { decay: true, gate: true, sum: true };

    it('without a pruned token, decay is none bit for bit', async () => {
      const [data, options] = snakeCase(11, shape, all);
      const kernels = await kernelsOver(data);
      kernels.snakeScan(options);
      const decay = data.read(options.y, 2, 20, 19);
      const { gaps: _, ...none } = options;
      kernels.snakeScan(none);
      expect(data.read(options.y, 2, 20, 19)).toEqual(decay);
    });

    it('one set of tables for all images is a set for each, bit for bit', async () => {
      const [data, options] = snakeCase(12, shape, all);
      const kernels = await kernelsOver(data);
      kernels.snakeScan(options);
      const own = data.read(options.y, 2, 20, 19);
      kernels.snakeScan({ ...options, ordersStride: 0 });
      expect(data.read(options.y, 2, 20, 19)).toEqual(own);
    });

    it('gives each image the same result whatever is in the batch with it, bit for bit', async () => {
      const [data, options] = snakeCase(13, shape, { ...all, kept: 13 });
      const kernels = await kernelsOver(data);
      kernels.snakeScan(options);
      for (const image of [1, 0]) {
        const only = (rows: Rows): Rows => ({ ...rows, at: rows.at + 4 * image * rows.imageStride! });
        const y = only(options.y);
        const sum = only(options.sum!);
        const together = { y: data.read(y, 1, 13, 19), sum: data.read(sum, 1, 13, 19) };
        const table = 4 * 4 * 13 * image;
        kernels.snakeScan({
          ...{ ...options, batch: 1, y, sum },
          delta: only(options.delta),
          b: only(options.b),
          c: only(options.c),
          u: only(options.u),
          gate: { z: only(options.gate!.z) },
          orders: options.orders + table,
          moves: options.moves + table,
          gaps: options.gaps! + table,
        });
        expect({ y: data.read(y, 1, 13, 19), sum: data.read(sum, 1, 13, 19) }).toEqual(together);
      }
    });

    it('decay over kept tokens in one direction is the whole grid with the pruned ones at Δ∅ and without input', async () => {
      // A 1 x 8 grid: directions 0 and 2 go right, 1 and 3 go left, and the left half of every sum is theirs alone.
      const kept = [0, 1, 4, 7];
      const [data, options] = snakeCase(14, { ...shape, batch: 1, rows: 1, columns: 8 }, plain);
      const floats = new Float32Array(data.arena.memory.buffer);
      const row = (rows: Rows, token: number) => rows.at / 4 + token * rows.stride;
      // B, C and Δ belong to steps: with one B and C for all, and Δ = Δ∅, steps and tokens need no telling apart.
      for (let token = 0; token < 8; token++) {
        floats.fill(0, row(options.delta, token), row(options.delta, token) + 19);
        if (!kept.includes(token)) floats.fill(0, row(options.u, token), row(options.u, token) + 19);
        floats.copyWithin(row(options.b, token), row(options.b, 0), row(options.b, 0) + 8);
        floats.copyWithin(row(options.c, token), row(options.c, 0), row(options.c, 0) + 8);
      }
      const whole = snakeScanReference(data.arena.memory.buffer, options).y;
      const u = data.vector(4 * 19, () => 0);
      for (const [m, token] of kept.entries()) {
        floats.copyWithin(u / 4 + m * 19, row(options.u, token), row(options.u, token) + 19);
      }
      const compact: SnakeScanOptions = {
        ...options,
        ...tablesOf(data, { batch: 1, rows: 1, columns: 8 }, Int32Array.from(kept)),
        length: kept.length,
        u: { at: u, stride: 19 },
        y: { at: data.vector(kept.length * 19, () => 0), stride: 19 },
      };
      (await kernelsOver(data)).snakeScan(compact);
      const want = kept.flatMap((token) => [...whole.subarray(token * 19, token * 19 + 19)]);
      expect(largestError(data.read(compact.y, 1, 4, 19), want)).toBeLessThan(tolerance);
    });

    it('works in a memory where other kernels have just run', async () => {
      const [data, options] = snakeCase(15, shape, { ...all, kept: 9 });
      const kernels = await kernelsOver(data);
      kernels.snakeScan(options);
      const first = data.read(options.y, 2, 9, 19);
      const { orders: _, moves: __, gaps: ___, sum: ____, gate: _____, ...rest } = options;
      kernels.selectiveScan({ ...rest, direction: 'backward' });
      kernels.snakeScan({ ...options, channels: 5 });
      kernels.snakeScan(options);
      expect(data.read(options.y, 2, 9, 19)).toEqual(first);
    });
  });
});

describe('fillSnakeTables', () => {
  it('is keptOrder of every image and direction', () => {
    fc.assert(
      fc.property(fc.integer(), shapes, fc.double({ min: 0, max: 1, noNaN: true }), (seed, shape, keep) => {
        const data = new RandomCase(seed);
        const { batch, rows, columns } = shape;
        const length = Math.max(1, Math.floor(keep * rows * columns));
        const at = data.cells(batch, rows * columns, length);
        const cells = new Int32Array(data.arena.memory.buffer, at, batch * length).slice();
        const tables = {
          orders: new Int32Array(4 * cells.length),
          moves: new Int32Array(4 * cells.length),
          gaps: new Int32Array(4 * cells.length),
        };
        const snakes = snakeOrders(rows, columns);
        fillSnakeTables(snakes, cells, batch, tables);
        for (let walk = 0; walk < 4 * batch; walk++) {
          const image = Math.floor(walk / 4);
          const want = keptOrder(snakes[walk % 4], cells.subarray(image * length, (image + 1) * length));
          const part = (of: Int32Array) => [...of.subarray(walk * length, (walk + 1) * length)];
          expect(part(tables.orders)).toEqual([...want.order]);
          expect(part(tables.moves)).toEqual([...want.moves]);
          expect(part(tables.gaps)).toEqual([...want.gaps]);
        }
      }),
      { numRuns: 200, seed },
    );
  });
});

describe('a wrong call of snakeScan', () => {
  it('names the argument and what was expected', async () => {
    const shape = { batch: 2, rows: 1, columns: 3, channels: 4, states: 4 };
    const [data, options] = snakeCase(16, shape, { decay: true, gate: false });
    const kernels = await createKernels(data.arena.memory);
    const wrong = (change: Partial<SnakeScanOptions>) => () => kernels.snakeScan({ ...options, ...change });
    /** The table with one number changed. */
    const changed = (at: number, index: number, value: number) => {
      const table = new Int32Array(data.arena.memory.buffer, at, 24).slice();
      table[index] = value;
      return data.integers(table);
    };
    expect(wrong({})).not.toThrow();
    expect(wrong({ states: 6 })).toThrow('states is 6, expected a multiple of 4');
    expect(wrong({ length: 0 })).toThrow('length is 0');
    expect(wrong({ directionB: 64 })).toThrow('directionB is at byte 64');
    expect(wrong({ u: { ...options.u, stride: 3 } })).toThrow('u.stride is 3');
    expect(wrong({ orders: changed(options.orders, 4, 3) })).toThrow(
      'orders[0][1][1] is 3, expected a token below 3',
    );
    expect(wrong({ orders: changed(options.orders, 13, 0) })).toThrow(
      'orders[1][0][1] is 0, expected every token once',
    );
    expect(wrong({ moves: changed(options.moves, 23, 5) })).toThrow('moves[1][3][2] is 5, expected 0 to 4');
    expect(wrong({ gaps: changed(options.gaps!, 0, -1) })).toThrow(
      'gaps[0][0][0] is -1, expected at least 0',
    );
    expect(wrong({ ordersStride: 5 })).toThrow('ordersStride is 5, expected 0 or at least 4 · 3');
    expect(wrong({ sum: { ...options.y, stride: 1 } })).toThrow('sum.stride is 1, less than its');
  });
});
