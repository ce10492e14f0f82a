/**
 * RoIAlign on maps whose cells are rows of channels; roi-align.ts says what it is.
 *
 * The samples of a bin are a grid, so that a cell's share is that of its row times that of its column: however many
 * samples there are, every cell under them is read once.
 */
import { multiplyAdd } from '../common/math.asm';
import { SCRATCH, WORKSPACE_BYTES } from '../common/workspace.asm';

const MAX_GRID: i32 = 4096;

/** A line: its first cell, the number of cells, then their shares. */
const LINE: usize = 8 + (MAX_GRID + 1) * 4;
const rowLine: usize = SCRATCH;
const columnLine: usize = rowLine + LINE;
if (columnLine + LINE > WORKSPACE_BYTES) ERROR('the scratch is too small');

/** Strides are bytes from row to row. */
export function roiAlign(
  regions: i32,
  channels: i32,
  side: i32,
  grids: usize,
  boxes: usize,
  boxLevels: usize,
  values: usize,
  valuesStride: i32,
  to: usize,
  toStride: i32,
): void {
  for (let region = 0; region < regions; region++) {
    const level = load<i32>(boxLevels + (region << 2));
    let from = values;
    let grid = grids;
    for (let i = 0; i < level; i++) {
      from += <usize>load<i32>(grid) * <usize>load<i32>(grid, 4) * <usize>valuesStride;
      grid += 12;
    }
    const height = load<i32>(grid);
    const width = load<i32>(grid, 4);
    const stride = <f64>load<i32>(grid, 8);
    const box = boxes + (region << 4);
    const left = <f64>load<f32>(box) / stride - 0.5;
    const top = <f64>load<f32>(box, 4) / stride - 0.5;
    const binWidth = (<f64>load<f32>(box, 8) / stride - 0.5 - left) / <f64>side;
    const binHeight = (<f64>load<f32>(box, 12) / stride - 0.5 - top) / <f64>side;
    for (let row = 0; row < side; row++) {
      shares(rowLine, top, binHeight, row, height);
      for (let column = 0; column < side; column++) {
        shares(columnLine, left, binWidth, column, width);
        let at = 0;
        for (; at + 32 <= channels << 2; at += 32) sumEight(from + at, valuesStride, width, to + at);
        for (; at < channels << 2; at += 4) sumOne(from + at, valuesStride, width, to + at);
        to += toStride;
      }
    }
  }
}

/** Bin number `index` of those that begin at `start`; cells come in rising order. */
function shares(line: usize, start: f64, bin: f64, index: i32, size: i32): void {
  const samples = ceil(bin);
  store<i32>(line, 0, 4);
  for (let i: f64 = 0; i < samples; i++) {
    let position = start + <f64>index * bin + ((i + 0.5) * bin) / samples;
    if (position < -1) continue;
    if (position > <f64>size) break;
    position = max(position, 0);
    const first = <i32>position;
    if (first >= size - 1) add(line, size - 1, <f32>(1 / samples));
    else {
      const rest = position - <f64>first;
      add(line, first, <f32>((1 - rest) / samples));
      add(line, first + 1, <f32>(rest / samples));
    }
  }
}

function add(line: usize, cell: i32, share: f32): void {
  let count = load<i32>(line, 4);
  if (count == 0) store<i32>(line, cell);
  const at = cell - load<i32>(line);
  for (; count <= at; count++) store<f32>(line + (count << 2), 0, 8);
  store<i32>(line, count, 4);
  const place = line + (at << 2);
  store<f32>(place, load<f32>(place, 8) + share, 8);
}

// @ts-ignore: decorator
@inline
function firstCell(from: usize, stride: i32, width: i32): usize {
  return from + <usize>(load<i32>(rowLine) * width + load<i32>(columnLine)) * <usize>stride;
}

function sumEight(from: usize, stride: i32, width: i32, to: usize): void {
  const rowEnd = rowLine + (load<i32>(rowLine, 4) << 2);
  const columnEnd = columnLine + (load<i32>(columnLine, 4) << 2);
  let left = f32x4.splat(0);
  let right = f32x4.splat(0);
  let begin = firstCell(from, stride, width);
  for (let row = rowLine; row < rowEnd; row += 4) {
    const rowShare = load<f32>(row, 8);
    let cell = begin;
    for (let column = columnLine; column < columnEnd; column += 4) {
      const share = f32x4.splat(rowShare * load<f32>(column, 8));
      left = multiplyAdd(share, v128.load(cell), left);
      right = multiplyAdd(share, v128.load(cell, 16), right);
      cell += stride;
    }
    begin += <usize>width * <usize>stride;
  }
  v128.store(to, left);
  v128.store(to, right, 16);
}

function sumOne(from: usize, stride: i32, width: i32, to: usize): void {
  const rowEnd = rowLine + (load<i32>(rowLine, 4) << 2);
  const columnEnd = columnLine + (load<i32>(columnLine, 4) << 2);
  let sum: f32 = 0;
  let begin = firstCell(from, stride, width);
  for (let row = rowLine; row < rowEnd; row += 4) {
    const rowShare = load<f32>(row, 8);
    let cell = begin;
    for (let column = columnLine; column < columnEnd; column += 4) {
      sum += rowShare * load<f32>(column, 8) * load<f32>(cell);
      cell += stride;
    }
    begin += <usize>width * <usize>stride;
  }
  store<f32>(to, sum);
}
