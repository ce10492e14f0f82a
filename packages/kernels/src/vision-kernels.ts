/** The kernels of detectors over one WebAssembly memory, an image at a time: the checks of each call, and the calls. */
import type { DeformableOptions } from './deformable/deformable.ts';
import { farthestPixel, maxRoiGrid, maxSamples } from './limits.ts';
import type { RoiAlignOptions } from './roi/roi-align.ts';
import { checkCount, checkRows, checkVector } from './rows.ts';
import type { WasmMemory } from './webassembly.ts';
import { type WinogradOptions, winogradScratch, winogradWeightCount } from './winograd/winograd.ts';

export interface VisionKernels {
  /** offsets, scores, values → what each query's points make of the values */
  deformable(options: DeformableOptions): void;
  /** maps and boxes → the features of each box */
  roiAlign(options: RoiAlignOptions): void;
  /** x → 3 x 3 convolution; only where kernels run as native code */
  readonly winograd?: (options: WinogradOptions) => void;
}

/** The module's exports; arguments as in the .asm.ts files. Addresses and strides in bytes. */
export interface VisionExports {
  deformable(...integers: number[]): void;
  roiAlign(...integers: number[]): void;
}

/** What there is besides where there is native code. */
export interface NativeVisionExports {
  readonly winograd?: (...integers: number[]) => void;
}

export function visionKernels(
  module: VisionExports & NativeVisionExports,
  memory: WasmMemory,
): VisionKernels {
  const { winograd } = module;
  return {
    deformable: (options) => runDeformable(module, memory, options),
    roiAlign: (options) => runRoiAlign(module, memory, options),
    ...(winograd !== undefined && { winograd: (options) => runWinograd(winograd, memory, options) }),
  };
}

function runDeformable(module: VisionExports, memory: WasmMemory, options: DeformableOptions): void {
  const { queries, channels, heads, points, levels, references, offsets, scores, values, to } = options;
  checkCount('queries', queries);
  checkCount('channels', channels);
  checkCount('heads', heads, channels);
  if (channels % heads !== 0) {
    throw new RangeError(`channels is ${channels}, expected a multiple of the ${heads} heads`);
  }
  checkCount('levels', levels, maxSamples);
  checkCount('points', points, Math.floor(maxSamples / levels));
  const samples = heads * levels * points;
  checkRows(memory, 'references', references, 1, queries, 2);
  checkRows(memory, 'offsets', offsets, 1, queries, 2 * samples);
  checkRows(memory, 'scores', scores, 1, queries, samples);
  checkRows(memory, 'values', values, 1, cellsOf(memory, options), channels);
  checkRows(memory, 'to', to, 1, queries, channels);
  module.deformable(
    queries,
    channels,
    heads,
    points,
    levels,
    options.grids,
    references.at,
    4 * references.stride,
    offsets.at,
    4 * offsets.stride,
    scores.at,
    4 * scores.stride,
    values.at,
    4 * values.stride,
    to.at,
    4 * to.stride,
  );
}

/** Cells of all levels. */
function cellsOf(memory: WasmMemory, { grids, levels }: DeformableOptions): number {
  checkVector(memory, 'grids', grids, 2 * levels);
  const sides = new Int32Array(memory.buffer, grids, 2 * levels);
  let cells = 0;
  for (let level = 0; level < levels; level++) {
    const [height, width] = sides.subarray(2 * level);
    checkCount(`grids[${level}].height`, height, 2 ** 15);
    checkCount(`grids[${level}].width`, width, 2 ** 15);
    cells += height * width;
  }
  return cells;
}

function runRoiAlign(module: VisionExports, memory: WasmMemory, options: RoiAlignOptions): void {
  const { regions, channels, side, grids, boxes, boxLevels, values, to } = options;
  checkCount('regions', regions);
  checkCount('channels', channels);
  checkCount('side', side, maxRoiGrid);
  checkRows(memory, 'values', values, 1, roiCells(memory, options), channels);
  checkBoxes(memory, options);
  checkRows(memory, 'to', to, 1, regions * side * side, channels);
  module.roiAlign(
    regions,
    channels,
    side,
    grids,
    boxes,
    boxLevels,
    values.at,
    4 * values.stride,
    to.at,
    4 * to.stride,
  );
}

/** Cells of all levels. */
function roiCells(memory: WasmMemory, { grids, levels }: RoiAlignOptions): number {
  checkCount('levels', levels, maxSamples);
  checkVector(memory, 'grids', grids, 3 * levels);
  const table = new Int32Array(memory.buffer, grids, 3 * levels);
  let cells = 0;
  for (let level = 0; level < levels; level++) {
    const [height, width, stride] = table.subarray(3 * level);
    checkCount(`grids[${level}].height`, height, maxRoiGrid);
    checkCount(`grids[${level}].width`, width, maxRoiGrid);
    checkCount(`grids[${level}].stride`, stride);
    cells += height * width;
  }
  return cells;
}

function checkBoxes(memory: WasmMemory, { regions, levels, boxes, boxLevels }: RoiAlignOptions): void {
  checkVector(memory, 'boxes', boxes, 4 * regions);
  checkVector(memory, 'boxLevels', boxLevels, regions);
  for (const [i, coordinate] of new Float32Array(memory.buffer, boxes, 4 * regions).entries()) {
    if (!(Math.abs(coordinate) <= farthestPixel)) {
      throw new RangeError(
        `boxes[${i >> 2}][${i % 4}] is ${coordinate}, expected a pixel within ±${farthestPixel}`,
      );
    }
  }
  for (const [i, level] of new Int32Array(memory.buffer, boxLevels, regions).entries()) {
    if (!(level >= 0 && level < levels)) {
      throw new RangeError(`boxLevels[${i}] is ${level}, expected a level below ${levels}`);
    }
  }
}

function runWinograd(
  winograd: NonNullable<NativeVisionExports['winograd']>,
  memory: WasmMemory,
  options: WinogradOptions,
): void {
  const { maps, rows, columns, channels, outputs, x, weight, bias, activation, scratch, to } = options;
  for (const [name, value] of Object.entries({ maps, rows, columns, channels, outputs })) {
    checkCount(name, value);
  }
  const cells = maps * rows * columns;
  checkRows(memory, 'x', x, 1, cells, channels);
  checkVector(memory, 'weight', weight, winogradWeightCount(outputs, channels));
  checkVector(memory, 'bias', bias, outputs);
  checkVector(memory, 'scratch', scratch, winogradScratch(channels));
  checkRows(memory, 'to', to, 1, cells, outputs);
  const rectify = activation === 'relu' ? 1 : 0;
  winograd(
    maps,
    rows,
    columns,
    channels,
    outputs,
    x.at,
    4 * x.stride,
    weight,
    bias,
    rectify,
    scratch,
    to.at,
    4 * to.stride,
  );
}
