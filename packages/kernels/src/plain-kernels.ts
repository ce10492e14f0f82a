/** PlainMamba's kernels over one WebAssembly memory: the checks of each call, and the calls, image by image. */
import { directionIds, scanDirections } from '@vssm/core';
import type { GridConvOptions } from './grid/grid-conv.ts';
import { cellsAtOnce, maxGridCells, maxGridKernel, maxStates } from './limits.ts';
import { checkCount, checkRows, checkVector, type Rows, rowAddress } from './rows.ts';
import { ordersOffset, type SnakeScanOptions } from './snake/snake-scan.ts';
import type { WasmMemory } from './webassembly.ts';

export interface PlainKernels {
  /** x → u: depthwise convolution on a grid of which some cells are empty. */
  gridConv(options: GridConvOptions): void;
  /** delta, B, C, u → y, summed over the four snakes */
  snakeScan(options: SnakeScanOptions): void;
}

/** The module's exports; arguments as in the .asm.ts files. Addresses and strides in bytes. */
export interface PlainExports {
  gridConv(...integers: number[]): void;
  snakeScan(...integers: number[]): void;
}

export function plainKernels(module: PlainExports, memory: WasmMemory): PlainKernels {
  return {
    gridConv: (options) => runGridConv(module, memory, options),
    snakeScan: (options) => runSnakeScan(module, memory, options),
  };
}

/** Throws a RangeError for a grid, a kernel or cells that the convolution does not take. */
export function checkGrid(memory: WasmMemory, options: Omit<GridConvOptions, 'u'>): void {
  const { batch, length, channels, kernel, rows, columns, x, weight, bias, cells } = options;
  checkCount('batch', batch);
  checkCount('length', length);
  checkCount('channels', channels);
  checkCount('kernel', kernel, maxGridKernel);
  if (kernel % 2 === 0) throw new RangeError(`kernel is ${kernel}, expected an odd number`);
  checkCount('rows', rows, 2 ** 15);
  checkCount('columns', columns, 2 ** 15);
  const fewestCells = cellsAtOnce(options);
  if (fewestCells > maxGridCells) {
    throw new RangeError(
      `columns is ${columns}: ${Math.min(rows, kernel)} rows with their margins are ${fewestCells} cells, ${maxGridCells} fit`,
    );
  }
  checkRows(memory, 'x', x, batch, length, channels);
  checkVector(memory, 'weight', weight, kernel * kernel * channels);
  checkVector(memory, 'bias', bias, channels);
  if (cells !== undefined) checkCells(memory, options, cells);
  else if (length !== rows * columns) {
    throw new RangeError(
      `length is ${length}, expected ${rows} x ${columns} = ${rows * columns}, or the cells that hold a token`,
    );
  }
}

function runGridConv(module: PlainExports, memory: WasmMemory, options: GridConvOptions): void {
  const { batch, length, channels, kernel, rows, columns, x, u, weight, bias, cells } = options;
  checkGrid(memory, options);
  checkRows(memory, 'u', u, batch, length, channels);
  for (let image = 0; image < batch; image++) {
    module.gridConv(
      length,
      channels,
      kernel,
      rows,
      columns,
      rowAddress(x, image, 0, length),
      4 * x.stride,
      weight,
      bias,
      cells === undefined ? 0 : cells + 4 * image * length,
      options.activation === 'silu' ? 1 : 0,
      rowAddress(u, image, 0, length),
      4 * u.stride,
    );
  }
}

/** What enters the four-direction scan. */
export type SnakeInputs = Omit<SnakeScanOptions, 'y' | 'gate' | 'sum'>;

/** Throws a RangeError for inputs that the scan does not take. */
export function checkSnake(memory: WasmMemory, options: SnakeInputs): void {
  const { batch, length, channels, states, delta, b, c, u } = options;
  checkCount('batch', batch);
  checkCount('length', length);
  checkCount('channels', channels);
  checkCount('states', states, maxStates);
  if (states % 4 !== 0) throw new RangeError(`states is ${states}, expected a multiple of 4`);
  checkRows(memory, 'delta', delta, batch, length, channels);
  checkRows(memory, 'b', b, batch, length, states);
  checkRows(memory, 'c', c, batch, length, states);
  checkRows(memory, 'u', u, batch, length, channels);
  checkVector(memory, 'deltaBias', options.deltaBias, channels);
  checkVector(memory, 'a', options.a, channels * states);
  checkVector(memory, 'd', options.d, channels);
  checkVector(memory, 'directionB', options.directionB, directionIds * states);
  checkTables(memory, options);
}

function runSnakeScan(module: PlainExports, memory: WasmMemory, options: SnakeScanOptions): void {
  const { batch, length, channels, states, delta, b, c, u, y, gate, sum, gaps } = options;
  checkSnake(memory, options);
  checkRows(memory, 'y', y, batch, length, channels);
  if (gate !== undefined) checkRows(memory, 'gate.z', gate.z, batch, length, channels);
  if (sum !== undefined) checkRows(memory, 'sum', sum, batch, length, channels);

  const zRows: Rows = gate?.z ?? { at: 0, stride: 0 };
  for (let image = 0; image < batch; image++) {
    const table = 4 * ordersOffset(options, image);
    module.snakeScan(
      length,
      channels,
      states,
      rowAddress(delta, image, 0, length),
      4 * delta.stride,
      options.deltaBias,
      options.a,
      options.d,
      rowAddress(b, image, 0, length),
      4 * b.stride,
      rowAddress(c, image, 0, length),
      4 * c.stride,
      options.directionB,
      rowAddress(u, image, 0, length),
      4 * u.stride,
      options.orders + table,
      options.moves + table,
      gaps === undefined ? 0 : gaps + table,
      rowAddress(y, image, 0, length),
      4 * y.stride,
      rowAddress(zRows, image, 0, length),
      4 * zRows.stride,
      sum === undefined ? 0 : rowAddress(sum, image, 0, length),
      sum === undefined ? 0 : 4 * sum.stride,
    );
  }
}

/** Raster indices of the grid, strictly rising along each row. */
function checkCells(memory: WasmMemory, options: Omit<GridConvOptions, 'u'>, at: number): void {
  const { batch, length, rows, columns } = options;
  checkVector(memory, 'cells', at, batch * length);
  const cells = new Int32Array(memory.buffer, at, batch * length);
  for (let i = 0; i < cells.length; i++) {
    const before = i % length === 0 ? -1 : cells[i - 1];
    if (cells[i] <= before || cells[i] >= rows * columns) {
      throw new RangeError(
        `cells[${Math.floor(i / length)}][${i % length}] is ${cells[i]} after ${before}, expected rising ones below ${rows * columns}`,
      );
    }
  }
}

/** Every order visits every token once; moves name a row of directionB; no gap is negative. */
function checkTables(memory: WasmMemory, options: SnakeInputs): void {
  const { batch, length, gaps, ordersStride } = options;
  const all = scanDirections * length;
  if (
    ordersStride !== undefined &&
    ordersStride !== 0 &&
    !(ordersStride >= all && Number.isInteger(ordersStride))
  ) {
    throw new RangeError(`ordersStride is ${ordersStride}, expected 0 or at least 4 · ${length}`);
  }
  const sets = ordersStride === 0 ? 1 : batch;
  const count = ordersOffset(options, sets - 1) + all;
  const view = (name: string, at: number) => {
    checkVector(memory, name, at, count);
    return new Int32Array(memory.buffer, at, count);
  };
  const orders = view('orders', options.orders);
  const moves = view('moves', options.moves);
  const gapsOrNone = gaps === undefined ? undefined : view('gaps', gaps);
  const seen = new Uint32Array(length);
  for (let walk = 0; walk < sets * scanDirections; walk++) {
    const first = ordersOffset(options, Math.floor(walk / scanDirections)) + (walk % scanDirections) * length;
    const wrong = (name: string, at: number, value: number, expected: string) =>
      new RangeError(
        `${name}[${Math.floor(walk / scanDirections)}][${walk % scanDirections}][${at - first}] is ${value}, expected ${expected}`,
      );
    for (let at = first; at < first + length; at++) {
      const token = orders[at];
      // seen[token] is the number of the last walk that came by, counted from 1.
      if (!(token >= 0 && token < length)) throw wrong('orders', at, token, `a token below ${length}`);
      if (seen[token] === walk + 1) throw wrong('orders', at, token, 'every token once');
      seen[token] = walk + 1;
      if (!(moves[at] >= 0 && moves[at] < directionIds)) throw wrong('moves', at, moves[at], '0 to 4');
      if (gapsOrNone !== undefined && gapsOrNone[at] < 0)
        throw wrong('gaps', at, gapsOrNone[at], 'at least 0');
    }
  }
}
