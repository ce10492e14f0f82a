/**
 * The gradient of the four-direction scan, without the gate (see snake/snake-scan.ts): from dL/d of the directions' sum
 * to dL/d of everything that entered. Each direction is the scan of backward-scan.ts with u gathered along its snake
 * and B with the vector of each move added; what they share (Δ, B, C, A, D, u) gets the sum of their gradients.
 *
 * The options, and the twin that computes them in float64. The kernel is backward-snake.asm.ts, and backward-snake.c
 * where there is a compiler.
 */
import { directionIds, scanDirections } from '@vssm/core';
import type { Rows } from '../rows.ts';
import { ordersOffset, type SnakeScanOptions } from '../snake/snake-scan.ts';
import {
  rowsInOrder,
  type ScanArrays,
  type ScanGradients,
  scanForward,
  scanPullback,
} from './backward-scan.ts';

export interface SnakeBackwardOptions
  extends Pick<
    SnakeScanOptions,
    | 'batch'
    | 'length'
    | 'states'
    | 'delta'
    | 'deltaBias'
    | 'a'
    | 'd'
    | 'b'
    | 'c'
    | 'directionB'
    | 'u'
    | 'orders'
    | 'moves'
    | 'gaps'
    | 'ordersStride'
  > {
  /** Channels E, a multiple of 8. */
  readonly channels: number;
  /** [B, K, E] in position order: dL/d of the directions' sum. */
  readonly dy: Rows;
  /** Outputs, overwritten, in position order: [B, K, E] before bias and softplus, and [B, K, E]. */
  readonly dDelta: Rows;
  readonly dU: Rows;
  /** Outputs, overwritten: [B, K, N] each. */
  readonly dB: Rows;
  readonly dC: Rows;
  /** Sums over the batch, added to what is there: [E], [E, N], [E] and [5, N]. */
  readonly dDeltaBias: number;
  readonly dA: number;
  readonly dD: number;
  readonly dDirectionB: number;
  /** `snakeBackwardScratch` floats of working memory. */
  readonly scratch: number;
}

/** Floats that one call needs beside its arguments, for the WebAssembly kernel and for the native one's widest vectors. */
export function snakeBackwardScratch(length: number, states: number): number {
  const pairs = length * states;
  const shared = scanDirections * pairs;
  const webAssembly =
    (length + 1) * states * 2 * 8 + (scanDirections + 1) * pairs * 4 + 10 * 8 * length + 3 * 8 * states;
  const kept = (2 * length + 1) * 2 * scanDirections;
  const native = 16 * (5 * length + kept + 2 * pairs + directionIds * states);
  return shared + Math.max(webAssembly, native);
}

/** One image, everything in position order, float64. */
export interface SnakeArrays extends Omit<ScanArrays, 'gaps'> {
  /** [5, N] */
  readonly directionB: Float64Array;
  /** [4, K] each */
  readonly orders: ArrayLike<number>;
  readonly moves: ArrayLike<number>;
  readonly gaps: ArrayLike<number>;
}

export type SnakeGradients = ScanGradients & { readonly directionB: Float64Array };

/** The sum of the four directions, [K, E]. */
export function snakeForward(arrays: SnakeArrays): Float64Array {
  const sum = new Float64Array(arrays.length * arrays.channels);
  for (let direction = 0; direction < scanDirections; direction++) {
    const { order, scan } = along(arrays, direction);
    addRows(sum, scanForward(scan), order);
  }
  return sum;
}

/** @param dy [K, E] */
export function snakePullback(arrays: SnakeArrays, dy: Float64Array): SnakeGradients {
  const { length, channels, states, moves } = arrays;
  const like = (array: Float64Array) => new Float64Array(array.length);
  const sums = {
    delta: like(arrays.delta),
    deltaBias: like(arrays.deltaBias),
    a: like(arrays.a),
    d: like(arrays.d),
    b: like(arrays.b),
    c: like(arrays.c),
    u: like(arrays.u),
    directionB: like(arrays.directionB),
  };
  for (let direction = 0; direction < scanDirections; direction++) {
    const { order, scan } = along(arrays, direction);
    const gradients = scanPullback(scan, pickRows(dy, order, channels));
    for (const name of ['delta', 'deltaBias', 'a', 'd', 'b', 'c'] as const) {
      for (const [i, value] of gradients[name].entries()) sums[name][i] += value;
    }
    addRows(sums.u, gradients.u, order);
    const ownMoves = Array.from({ length }, (_, step) => moves[direction * length + step]);
    for (const [step, move] of ownMoves.entries()) {
      for (let n = 0; n < states; n++) sums.directionB[move * states + n] += gradients.b[step * states + n];
    }
  }
  return sums;
}

/** One direction as a scan of its own. */
function along(
  arrays: SnakeArrays,
  direction: number,
): { readonly order: readonly number[]; readonly scan: ScanArrays } {
  const { length, channels, states, b, directionB, u, orders, moves, gaps } = arrays;
  const own = (table: ArrayLike<number>) =>
    Array.from({ length }, (_, step) => table[direction * length + step]);
  const [order, ownMoves] = [own(orders), own(moves)];
  return {
    order,
    scan: {
      ...arrays,
      b: b.map((value, i) => value + directionB[ownMoves[Math.floor(i / states)] * states + (i % states)]),
      u: pickRows(u, order, channels),
      gaps: own(gaps),
    },
  };
}

function pickRows(rows: Float64Array, order: readonly number[], width: number): Float64Array {
  return Float64Array.from({ length: order.length * width }, (_, i) => {
    return rows[order[Math.floor(i / width)] * width + (i % width)];
  });
}

/** Adds row `step` of `rows` to row `order[step]` of `sum`. */
function addRows(sum: Float64Array, rows: Float64Array, order: readonly number[]): void {
  const width = rows.length / order.length;
  for (const [i, value] of rows.entries()) sum[order[Math.floor(i / width)] * width + (i % width)] += value;
}

/** What the kernel writes, each [B, …], parameters summed over the batch. */
export function snakeBackwardReference(
  buffer: ArrayBufferLike,
  options: SnakeBackwardOptions,
): SnakeGradients {
  const { batch, length, channels, states, gaps } = options;
  const vector = (at: number, count: number) => Float64Array.from(new Float32Array(buffer, at, count));
  const parameters = {
    deltaBias: vector(options.deltaBias, channels),
    a: vector(options.a, channels * states),
    d: vector(options.d, channels),
    directionB: vector(options.directionB, directionIds * states),
  };
  const sums = {
    deltaBias: vector(options.dDeltaBias, channels),
    a: vector(options.dA, channels * states),
    d: vector(options.dD, channels),
    directionB: vector(options.dDirectionB, directionIds * states),
  };
  const perToken = (width: number) => new Float64Array(batch * length * width);
  const rows = { delta: perToken(channels), u: perToken(channels), b: perToken(states), c: perToken(states) };
  const inPlace = Array.from({ length }, (_, token) => token);
  for (let image = 0; image < batch; image++) {
    const read = (of: Rows, width: number) => rowsInOrder(buffer, of, image, inPlace, width);
    const table = (at: number) =>
      new Int32Array(buffer, at + 4 * ordersOffset(options, image), scanDirections * length);
    const gradients = snakePullback(
      {
        length,
        channels,
        states,
        ...parameters,
        delta: read(options.delta, channels),
        b: read(options.b, states),
        c: read(options.c, states),
        u: read(options.u, channels),
        orders: table(options.orders),
        moves: table(options.moves),
        gaps: gaps === undefined ? new Int32Array(scanDirections * length) : table(gaps),
      },
      read(options.dy, channels),
    );
    for (const name of ['deltaBias', 'a', 'd', 'directionB'] as const) {
      for (const [i, value] of gradients[name].entries()) sums[name][i] += value;
    }
    for (const name of ['delta', 'u', 'b', 'c'] as const) {
      rows[name].set(gradients[name], image * gradients[name].length);
    }
  }
  return { ...rows, ...sums };
}
