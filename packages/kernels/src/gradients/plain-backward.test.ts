/** The gradients of PlainMamba's kernels against their twins, and the twins against finite differences in float64. */
import { directionIds, scanDirections, snakeOrders } from '@vssm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { fillSnakeTables } from '../snake/snake-orders.ts';
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
  type GridConvArrays,
  type GridConvBackwardOptions,
  gridConvBackwardReference,
  gridConvBackwardScratch,
  gridConvForward,
  gridConvPullback,
} from './backward-grid.ts';
import {
  type SnakeArrays,
  type SnakeBackwardOptions,
  snakeBackwardReference,
  snakeBackwardScratch,
  snakeForward,
  snakePullback,
} from './backward-snake.ts';

/** The walks over some cells of a grid, [images, 4, K] each. */
function tablesOf(rows: number, columns: number, cells: Int32Array, images: number) {
  const table = () => new Int32Array(scanDirections * cells.length);
  const tables = { orders: table(), moves: table(), gaps: table() };
  fillSnakeTables(snakeOrders(rows, columns), cells, images, tables);
  return tables;
}

const grids = fc.record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 1, max: 4 }) });

function someCells(random: () => number, count: number): Int32Array {
  const cells = Array.from({ length: count }, (_, cell) => cell).filter(() => random() < 0.6);
  return Int32Array.from(cells.length === 0 ? [count - 1] : cells);
}

describe('the twins against finite differences', () => {
  it('the four-direction scan, with and without gaps', () => {
    fc.assert(
      fc.property(grids, fc.boolean(), fc.integer(), ({ rows, columns }, decay, seed) => {
        const random = randomSource(seed);
        const draw = (count: number, low = -1, high = 1) =>
          Float64Array.from({ length: count }, () => low + (high - low) * random());
        const cells = someCells(random, rows * columns);
        const [length, channels, states] = [cells.length, 2, 3];
        const inputs = {
          delta: draw(length * channels, -2, 2),
          deltaBias: draw(channels),
          a: draw(channels * states, -2, -0.1),
          d: draw(channels),
          b: draw(length * states),
          c: draw(length * states),
          u: draw(length * channels),
          directionB: draw(directionIds * states),
        };
        const { gaps, ...walks } = tablesOf(rows, columns, cells, 1);
        const arrays: SnakeArrays = {
          ...{ length, channels, states, ...inputs, ...walks },
          gaps: decay ? gaps : new Int32Array(gaps.length),
        };
        const weights = draw(length * channels);
        const gradients = snakePullback(arrays, weights);
        const loss = () => dot(snakeForward(arrays), weights);
        expect(differenceError(loss, inputs, gradients)).toBeLessThan(differenceTolerance);
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('the convolution on a grid, with and without empty cells and SiLU', () => {
    const kernels = fc.constantFrom(1, 3, 5);
    const activations = fc.constantFrom<'silu' | 'none'>('silu', 'none');
    fc.assert(
      fc.property(
        grids,
        kernels,
        activations,
        fc.integer(),
        ({ rows, columns }, kernel, activation, seed) => {
          const random = randomSource(seed);
          const draw = (count: number) => Float64Array.from({ length: count }, () => 4 * random() - 2);
          const cells = someCells(random, rows * columns);
          const channels = 2;
          const inputs = {
            x: draw(cells.length * channels),
            weight: draw(kernel * kernel * channels),
            bias: draw(channels),
          };
          const arrays: GridConvArrays = { channels, kernel, rows, columns, activation, cells, ...inputs };
          const weights = draw(cells.length * channels);
          const gradients = gridConvPullback(arrays, weights);
          const loss = () => dot(gridConvForward(arrays), weights);
          expect(differenceError(loss, inputs, gradients)).toBeLessThan(differenceTolerance);
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });
});

const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  rows: fc.integer({ min: 1, max: 9 }),
  columns: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 5 }).map((groups) => 8 * groups),
  keep: fc.constantFrom(0.2, 0.6, 1),
});

interface Grid {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  /** Part of the cells that hold a token. */
  readonly keep: number;
}

function snakeCase(
  seed: number,
  { batch, rows, columns, channels, keep }: Grid,
  states: number,
  decay: boolean,
  shared: boolean,
  delta: readonly [number, number] = [-3, 3],
): [RandomCase, SnakeBackwardOptions] {
  const data = new RandomCase(seed);
  const draw = () => data.between(-1, 1);
  const zero = () => 0;
  const length = Math.max(1, Math.floor(rows * columns * keep));
  const images = shared ? 1 : batch;
  const at = data.cells(images, rows * columns, length);
  const cells = Int32Array.from(new Int32Array(data.arena.memory.buffer, at, images * length));
  const { orders, moves, gaps } = tablesOf(rows, columns, cells, images);
  const options = {
    ...{ batch, length, channels, states },
    delta: data.rows(batch, length, channels, () => data.between(...delta)),
    deltaBias: data.vector(channels, draw),
    a: data.vector(channels * states, () => -Math.exp(data.between(-2, 3))),
    d: data.vector(channels, draw),
    b: data.rows(batch, length, states, draw),
    c: data.rows(batch, length, states, draw),
    directionB: data.vector(directionIds * states, draw),
    u: data.rows(batch, length, channels, draw),
    orders: data.integers(orders),
    moves: data.integers(moves),
    ...(decay && { gaps: data.integers(gaps) }),
    ...(shared && { ordersStride: 0 }),
    dy: data.rows(batch, length, channels, draw),
    dDelta: data.rows(batch, length, channels, zero),
    dU: data.rows(batch, length, channels, zero),
    dB: data.rows(batch, length, states, zero),
    dC: data.rows(batch, length, states, zero),
    dDeltaBias: data.vector(channels, draw),
    dA: data.vector(channels * states, draw),
    dD: data.vector(channels, draw),
    dDirectionB: data.vector(directionIds * states, draw),
    scratch: data.vector(snakeBackwardScratch(length, states), () => Number.NaN),
  };
  return [data, options];
}

describeImplementations('the gradients against their twins', (implementation) => {
  async function snakeError(data: RandomCase, options: SnakeBackwardOptions): Promise<number> {
    const { batch, length, channels, states } = options;
    const { buffer } = data.arena.memory;
    const want = snakeBackwardReference(buffer, options);
    const canaries = data.canaries();
    (await createKernels(data.arena.memory, { implementation })).snakeBackward(options);
    expect(data.canaries()).toBe(canaries);
    const vector = (at: number, count: number) => new Float32Array(buffer, at, count);
    return Math.max(
      relativeError(data.read(options.dDelta, batch, length, channels), want.delta),
      relativeError(data.read(options.dU, batch, length, channels), want.u),
      relativeError(data.read(options.dB, batch, length, states), want.b),
      relativeError(data.read(options.dC, batch, length, states), want.c),
      relativeError(vector(options.dDeltaBias, channels), want.deltaBias),
      relativeError(vector(options.dA, channels * states), want.a),
      relativeError(vector(options.dD, channels), want.d),
      relativeError(vector(options.dDirectionB, directionIds * states), want.directionB),
    );
  }

  it('the four-direction scan, on 100 random grids', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        shapes,
        fc.constantFrom(4, 8, 16),
        fc.boolean(),
        fc.boolean(),
        async (...shape) => {
          expect(await snakeError(...snakeCase(...shape))).toBeLessThan(kernelTolerance);
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });

  it('where decays underflow', async () => {
    const shape: Grid = { batch: 1, rows: 6, columns: 6, channels: 24, keep: 0.6 };
    expect(await snakeError(...snakeCase(7, shape, 8, true, false, [-60, 60]))).toBeLessThan(kernelTolerance);
  });

  it('the convolution on a grid, on 100 random grids', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        shapes,
        fc.constantFrom(1, 3, 5, 7),
        fc.boolean(),
        async (seed, { batch, rows, columns, channels, keep }, kernel, activated) => {
          const data = new RandomCase(seed);
          const draw = () => data.between(-2, 2);
          const length = Math.max(1, Math.floor(rows * columns * keep));
          const options: GridConvBackwardOptions = {
            ...{ batch, length, channels, kernel, rows, columns },
            activation: activated ? 'silu' : 'none',
            x: data.rows(batch, length, channels, draw),
            weight: data.vector(kernel ** 2 * channels, draw),
            bias: data.vector(channels, draw),
            du: data.rows(batch, length, channels, draw),
            dx: data.rows(batch, length, channels, draw),
            dWeight: data.vector(kernel ** 2 * channels, draw),
            dBias: data.vector(channels, draw),
            scratch: data.vector(gridConvBackwardScratch({ kernel, rows, columns }), () => Number.NaN),
            ...(keep < 1 && { cells: data.cells(batch, rows * columns, length) }),
          };
          const { buffer } = data.arena.memory;
          const want = gridConvBackwardReference(buffer, options);
          const canaries = data.canaries();
          (await createKernels(data.arena.memory, { implementation })).gridConvBackward(options);
          expect(data.canaries()).toBe(canaries);
          const vector = (at: number, count: number) => new Float32Array(buffer, at, count);
          expect(relativeError(data.read(options.dx, batch, length, channels), want.x)).toBeLessThan(
            kernelTolerance,
          );
          const weight = vector(options.dWeight, kernel ** 2 * channels);
          expect(relativeError(weight, want.weight)).toBeLessThan(kernelTolerance);
          expect(relativeError(vector(options.dBias, channels), want.bias)).toBeLessThan(kernelTolerance);
        },
      ),
      { numRuns: 100, seed: 2 },
    );
  });

  it('refuse what would read or write elsewhere, by name', async () => {
    const shape: Grid = { batch: 1, rows: 2, columns: 3, channels: 8, keep: 1 };
    const [data, options] = snakeCase(1, shape, 4, true, false);
    const kernels = await createKernels(data.arena.memory, { implementation });
    expect(() => kernels.snakeBackward({ ...options, channels: 12 })).toThrow('channels is 12');
    expect(() => kernels.snakeBackward({ ...options, states: 6 })).toThrow('states is 6');
    expect(() => kernels.snakeBackward({ ...options, scratch: 8 })).toThrow('scratch');
    expect(() => kernels.snakeBackward({ ...options, dU: { at: 2 ** 33, stride: 8 } })).toThrow('dU');
    expect(() => kernels.snakeBackward({ ...options, orders: options.delta.at })).toThrow('orders');
  });
});
