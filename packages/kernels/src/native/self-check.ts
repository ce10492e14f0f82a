/** A small call of each native kernel, held against its twin before anything else runs. */
import { snakeOrders } from '@vssm/core';
import { Arena } from '../arena.ts';
import {
  type ContributionOptions,
  contributionReference,
  type ReaderWeightOptions,
  readerWeightReference,
} from '../contribution/contribution.ts';
import type { ContributionKernels } from '../contribution/contribution-kernels.ts';
import { type ConvOptions, convReference } from '../conv/conv.ts';
import { type DeformableOptions, deformableReference } from '../deformable/deformable.ts';
import {
  type ConvBackwardOptions,
  convBackwardReference,
  convBackwardScratch,
} from '../gradients/backward-conv.ts';
import {
  type GridConvBackwardOptions,
  gridConvBackwardReference,
  gridConvBackwardScratch,
} from '../gradients/backward-grid.ts';
import type { BackwardKernels } from '../gradients/backward-kernels.ts';
import {
  type ScanBackwardOptions,
  scanBackwardReference,
  scanBackwardScratch,
} from '../gradients/backward-scan.ts';
import {
  type SnakeBackwardOptions,
  snakeBackwardReference,
  snakeBackwardScratch,
} from '../gradients/backward-snake.ts';
import type { PlainBackwardKernels } from '../gradients/plain-backward-kernels.ts';
import { type GridConvOptions, gridConvReference } from '../grid/grid-conv.ts';
import { type MatmulOptions, matmulReference } from '../matrix/matmul.ts';
import type { PackedProducts } from '../matrix/packed.ts';
import type { PlainKernels } from '../plain-kernels.ts';
import {
  type ReduceKernels,
  type ReduceOptions,
  reduceReference,
  rowReductions,
} from '../reductions/reductions.ts';
import { type RoiAlignOptions, roiAlignReference } from '../roi/roi-align.ts';
import type { Rows } from '../rows.ts';
import { type ScanOptions, scanReference } from '../scan/scan.ts';
import { fillSnakeTables } from '../snake/snake-orders.ts';
import { type SnakeScanOptions, snakeScanReference } from '../snake/snake-scan.ts';
import type { VisionKernels } from '../vision-kernels.ts';
import { createMemory, type WasmMemory } from '../webassembly.ts';
import {
  type WinogradOptions,
  winogradReference,
  winogradScratch,
  winogradWeights,
} from '../winograd/winograd.ts';

/** Relative to the largest value; float32 resolves 6e-8, and 20 tokens of 8 states add up. */
const tolerance = 1e-5;

interface Runner
  extends PlainKernels,
    VisionKernels,
    PlainBackwardKernels,
    ContributionKernels,
    ReduceKernels,
    Pick<BackwardKernels, 'scanBackward' | 'convBackward'> {
  convSilu(options: ConvOptions): void;
  selectiveScan(options: ScanOptions): void;
  matmul(options: MatmulOptions): void;
  readonly packed: PackedProducts;
}

/** Why the kernels that `over` makes for a memory are wrong; undefined if they are right. */
export function findFault(over: (memory: WasmMemory) => Runner): string | undefined {
  const arena = new Arena(createMemory());
  const runner = over(arena.memory);
  /** More than two of the widest vectors, and a rest; more than one chunk of tokens. */
  const [length, channels, states] = [20, 37, 8];
  let count = 0;
  const filled = (size: number, low: number, high: number) => {
    const region = arena.float32(size);
    // Multiples of the golden ratio modulo 1: evenly spread, the same everywhere.
    region
      .view()
      .set(Float32Array.from({ length: size }, () => low + (high - low) * ((++count * 0.618034) % 1)));
    return region.at;
  };
  const wide = (): Rows => ({ at: filled(length * channels, -2, 2), stride: channels });
  const narrow = (): Rows => ({ at: filled(length * states, -1, 1), stride: states });
  const positions = arena.int32(length);
  positions.view().set(Int32Array.from({ length }, (_, token) => token + (token >> 1)));
  const shape = { batch: 1, length, channels, direction: 'backward', positions: positions.at } as const;

  const conv: ConvOptions = {
    ...shape,
    ...{ taps: 4, x: wide(), u: wide() },
    weight: filled(4 * channels, -1, 1),
    bias: filled(channels, -1, 1),
  };
  const scan: ScanOptions = {
    ...shape,
    ...{ states, delta: wide(), u: wide(), y: wide(), accumulate: true, gate: { z: wide(), scale: 0.5 } },
    deltaBias: filled(channels, -4, 1),
    a: filled(channels * states, -16, -1),
    d: filled(channels, -1, 1),
    ...{ b: narrow(), c: narrow() },
    own: wide(),
    ownGated: true,
  };
  // 20 cells of a 5 x 8 grid: every other one.
  const [orders, moves, gaps] = [arena.int32(4 * length), arena.int32(4 * length), arena.int32(4 * length)];
  const cells = Int32Array.from({ length }, (_, token) => 2 * token);
  const tables = { orders: orders.view(), moves: moves.view(), gaps: gaps.view() };
  fillSnakeTables(snakeOrders(5, 8), cells, 1, tables);
  const cellList = arena.int32(length);
  cellList.view().set(cells);
  const grid: GridConvOptions = {
    ...{ batch: 1, length, channels, kernel: 3, rows: 5, columns: 8, activation: 'silu' },
    ...{ x: wide(), u: wide(), cells: cellList.at },
    weight: filled(9 * channels, -1, 1),
    bias: conv.bias,
  };
  const snake: SnakeScanOptions = {
    ...scan,
    ...{ u: wide(), y: wide(), directionB: filled(5 * states, -1, 1) },
    ...{ orders: orders.at, moves: moves.at, gaps: gaps.at },
    sum: wide(),
  };
  // One and a half of the widest vectors.
  const few = 24;
  const backwardScan: ScanBackwardOptions = {
    ...scan,
    ...{ channels: few, dy: wide(), dDelta: wide(), dU: wide(), dB: narrow(), dC: narrow() },
    dDeltaBias: filled(few, 0, 0),
    dA: filled(few * states, 0, 0),
    dD: filled(few, 0, 0),
    scratch: filled(scanBackwardScratch(length, states), 0, 0),
  };
  const backwardConv: ConvBackwardOptions = {
    ...conv,
    ...{ channels: few, du: wide(), dx: { at: filled(length * few, 0, 0), stride: few } },
    dWeight: filled(4 * few, 0, 0),
    dBias: filled(few, 0, 0),
    scratch: filled(convBackwardScratch(few, 4), 0, 0),
  };
  const backwardGrid: GridConvBackwardOptions = {
    ...grid,
    ...{ channels: few, du: wide(), dx: { at: filled(length * few, 0, 0), stride: few } },
    dWeight: filled(9 * few, 0, 0),
    dBias: filled(few, 0, 0),
    scratch: filled(gridConvBackwardScratch(grid), 0, 0),
  };
  const backwardSnake: SnakeBackwardOptions = {
    ...snake,
    ...{ channels: few, dy: wide(), dDelta: wide(), dU: wide(), dB: narrow(), dC: narrow() },
    dDeltaBias: filled(few, 0, 0),
    dA: filled(few * states, 0, 0),
    dD: filled(few, 0, 0),
    dDirectionB: filled(5 * states, 0, 0),
    scratch: filled(snakeBackwardScratch(length, states), 0, 0),
  };
  const product: MatmulOptions = {
    ...{ rows: length, inner: length, columns: channels, transA: true, transB: true, alpha: 0.5 },
    a: { at: filled(length * length, -1, 1), stride: length },
    b: { at: filled(channels * length, -1, 1), stride: length },
    plus: { at: filled(channels, -1, 1), stride: 0 },
    to: wide(),
  };
  const { rows, inner, columns } = product;
  const packed = arena.float32(runner.packed.floats(inner, columns)).at;
  const byPacked = {
    rows,
    inner,
    columns,
    a: product.a,
    to: { at: arena.float32(rows * columns).at, stride: columns },
  };
  const grids = arena.int32(4);
  grids.view().set([3, 4, 2, 4]);
  const attention: DeformableOptions = {
    ...{ queries: length, channels: 38, heads: 2, points: 3, levels: 2, grids: grids.at },
    references: { at: filled(2 * length, 0, 1), stride: 2 },
    offsets: { at: filled(24 * length, -2, 2), stride: 24 },
    scores: { at: filled(12 * length, -3, 3), stride: 12 },
    values: { at: filled(20 * 38, -1, 1), stride: 38 },
    to: { at: filled(38 * length, 0, 0), stride: 38 },
  };
  const [levels, boxLevels] = [arena.int32(6), arena.int32(2)];
  levels.view().set([3, 4, 4, 2, 4, 8]);
  boxLevels.view().set([1, 0]);
  const regions: RoiAlignOptions = {
    ...{ regions: 2, channels, side: 3, levels: 2, grids: levels.at, boxLevels: boxLevels.at },
    boxes: filled(8, 0, 30),
    values: { at: filled(20 * channels, -1, 1), stride: channels },
    to: { at: filled(18 * channels, 0, 0), stride: channels },
  };
  const taps = Float32Array.from({ length: 9 * channels ** 2 }, () => 2 * ((++count * 0.618034) % 1) - 1);
  const transformed = winogradWeights(taps, channels);
  const tapsPlace = arena.float32(transformed.length);
  tapsPlace.view().set(transformed);
  const maps: WinogradOptions = {
    ...{ maps: 1, rows: 4, columns: 5, channels, outputs: channels, activation: 'relu' },
    ...{ x: wide(), to: wide(), weight: tapsPlace.at, bias: filled(channels, -1, 1) },
    scratch: filled(winogradScratch(channels), 0, 0),
  };
  const read = { ...{ batch: 1, length, channels, delta: wide() }, deltaBias: scan.deltaBias };
  const weights: ReaderWeightOptions = { ...read, z: wide(), to: wide() };
  const contributions: ContributionOptions = { ...read, u: wide(), read: wide(), to: wide() };
  const signal = wide();
  const reduced = rowReductions.map((kind): ReduceOptions => {
    return { kind, length, channels, x: signal, to: arena.float32(2 * length).at };
  });
  const { buffer } = arena.memory;
  const wantedOfRegions = roiAlignReference(buffer, regions);
  const wantedOfMaps = winogradReference(buffer, maps, taps);
  const wantedOfAttention = deformableReference(buffer, attention);
  const wantedOfReduced = reduced.map((options) => reduceReference(buffer, options));
  const wantedOfWeights = readerWeightReference(buffer, weights);
  const wantedOfContributions = contributionReference(buffer, contributions);
  const wantedOfProduct = matmulReference(buffer, product);
  const { b, transB } = product;
  const wantedByPacked = matmulReference(buffer, { ...byPacked, b, transB, transA: false, alpha: 1 });
  const wantedOfBackwardConv = convBackwardReference(buffer, backwardConv);
  const wantedOfBackwardGrid = gridConvBackwardReference(buffer, backwardGrid);
  const wantedOfBackwardSnake = snakeBackwardReference(buffer, backwardSnake);
  const wantedOfBackward = scanBackwardReference(buffer, backwardScan);
  const wantedOfGrid = gridConvReference(buffer, grid);
  const wantedOfSnake = snakeScanReference(buffer, snake);
  const wanted = { conv: convReference(buffer, conv), ...scanReference(buffer, scan) };
  runner.convSilu(conv);
  runner.selectiveScan(scan);
  runner.gridConv(grid);
  runner.snakeScan(snake);
  runner.scanBackward(backwardScan);
  runner.convBackward(backwardConv);
  runner.gridConvBackward(backwardGrid);
  runner.snakeBackward(backwardSnake);
  runner.matmul(product);
  runner.packed.pack(product, packed);
  runner.packed.matmul({ ...byPacked, packed });
  runner.deformable(attention);
  runner.roiAlign(regions);
  runner.winograd?.(maps);
  runner.readerWeights(weights);
  runner.addContributions(contributions);
  for (const options of reduced) runner.reduceRows(options);
  const results: readonly (readonly [string, number, ArrayLike<number>])[] = [
    ['the convolution', conv.u.at, wanted.conv],
    ['the scan', scan.y.at, wanted.y],
    ['its own direction', scan.own!.at, wanted.own],
    ['the convolution on a grid', grid.u.at, wantedOfGrid],
    ['the four-direction scan', snake.y.at, wantedOfSnake.y],
    ['its sum before the gate', snake.sum!.at, wantedOfSnake.sum],
    ['the gradient of A', backwardScan.dA, wantedOfBackward.a],
    ['the gradient of the bias of Δ', backwardScan.dDeltaBias, wantedOfBackward.deltaBias],
    ['the gradient of B', backwardScan.dB.at, wantedOfBackward.b],
    ['the gradient of C', backwardScan.dC.at, wantedOfBackward.c],
    ['the weights of readers', weights.to.at, wantedOfWeights],
    ['the contributions', contributions.to.at, wantedOfContributions],
    ['the product of matrices', product.to.at, wantedOfProduct],
    ['the product by a packed matrix', byPacked.to.at, wantedByPacked],
    ['deformable attention', attention.to.at, wantedOfAttention],
    ['RoIAlign', regions.to.at, wantedOfRegions],
    ['the convolution of maps', maps.to.at, wantedOfMaps],
    ['the gradient of the convolution', backwardConv.dx.at, wantedOfBackwardConv.x],
    ['that of its taps', backwardConv.dWeight, wantedOfBackwardConv.weight],
    ['the gradient of the grid', backwardGrid.dx.at, wantedOfBackwardGrid.x],
    ['the gradient of its taps', backwardGrid.dWeight, wantedOfBackwardGrid.weight],
    ['the gradient of A over four directions', backwardSnake.dA, wantedOfBackwardSnake.a],
    ['that of the bias of Δ', backwardSnake.dDeltaBias, wantedOfBackwardSnake.deltaBias],
    ['that of the moves’ vectors', backwardSnake.dDirectionB, wantedOfBackwardSnake.directionB],
    ['that of B', backwardSnake.dB.at, wantedOfBackwardSnake.b],
  ];
  for (const [name, at, want] of results) {
    const error = largestError(new Float32Array(buffer, at, want.length), want);
    if (!(error < tolerance)) return `${name} is off by ${error}`;
  }
  for (const [i, { kind, to }] of reduced.entries()) {
    const error = largestError(new Float64Array(buffer, to, length), wantedOfReduced[i]);
    if (!(error < tolerance)) return `rows by ${kind} are off by ${error}`;
  }
  return undefined;
}

/** Relative to the largest value wanted; NaN where a result is no number. */
function largestError(got: Float32Array | Float64Array, want: ArrayLike<number>): number {
  let error = 0;
  let scale = 0;
  for (const [i, value] of got.entries()) {
    if (!Number.isFinite(value)) return Number.NaN;
    error = Math.max(error, Math.abs(value - want[i]));
    scale = Math.max(scale, Math.abs(want[i]));
  }
  return error / scale;
}
