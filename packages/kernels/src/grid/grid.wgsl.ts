/**
 * PlainMamba's grid in WGSL: the depthwise convolution over cells of which some are empty, and the tables that say
 * where tokens are and how the snakes run through them. The twins are grid-conv.ts and snake-orders.ts.
 */
import { type ScanOrder, scanDirections } from '@vssm/core';
import { wgslSilu } from '../common/math.wgsl.ts';
import { lanes, type Shader, shader } from '../common/shader.wgsl.ts';

export interface Grid2D {
  readonly rows: number;
  readonly columns: number;
}

export interface GridConvShape extends Grid2D {
  readonly channels: number;
  /** Side of the kernel, odd. */
  readonly kernel: number;
  /** Floats from one row of the input to the next. */
  readonly stride: number;
  readonly activation: 'silu' | 'none';
}

/**
 * Bindings: shape · x [B, K, stride] · weights [kernel², E], then the bias [E] · cells of the tokens [B, K] · token
 * of each cell or -1 [B, rows · columns] · u [B, K, E]. Grid: `rowGrid(E, K, B)`.
 */
export function gridConvShader(own: GridConvShape): Shader {
  const { rows, columns, channels, kernel, stride, activation } = own;
  return shader(
    `grid convolution ${kernel}x${kernel}`,
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'x', 'array<f32>'],
      ['read', 'weights', 'array<f32>'],
      ['read', 'cells', 'array<i32>'],
      ['read', 'tokens', 'array<i32>'],
      ['write', 'u', 'array<f32>'],
    ],
    `
const channels = ${channels}u;
const kernel = ${kernel};
const rows = ${rows};
const columns = ${columns};
${wgslSilu}

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= channels) { return; }
  let firstRow = id.z * shape.length;
  let cell = cells[firstRow + id.y];
  let top = cell / columns - kernel / 2;
  let left = cell % columns - kernel / 2;
  var sum = weights[u32(kernel * kernel) * channels + channel];
  for (var i = max(0, -top); i < min(kernel, rows - top); i++) {
    for (var j = max(0, -left); j < min(kernel, columns - left); j++) {
      let token = tokens[i32(id.z) * rows * columns + (top + i) * columns + left + j];
      if (token < 0) { continue; }
      sum += weights[u32(i * kernel + j) * channels + channel] * x[(firstRow + u32(token)) * ${stride}u + channel];
    }
  }
  u[(firstRow + id.y) * channels + channel] = ${activation === 'silu' ? 'silu(sum)' : 'sum'};
}`,
  );
}

/** weight [E, 1, k, k] and bias [E] → taps first [k², E], then the bias. */
export function packGridConv(weight: Float32Array, bias: Float32Array): Float32Array<ArrayBuffer> {
  const channels = bias.length;
  const taps = weight.length / channels;
  const packed = new Float32Array((taps + 1) * channels);
  for (let channel = 0; channel < channels; channel++) {
    for (let tap = 0; tap < taps; tap++) packed[tap * channels + channel] = weight[channel * taps + tap];
  }
  packed.set(bias, taps * channels);
  return packed;
}

/**
 * Which token is in which cell. Bindings: shape · cells of the tokens [B, K], rising · token of each cell or -1
 * [B, rows · columns]. Grid: `rowGrid(rows · columns, 1, B)`.
 */
export function cellTokensShader({ rows, columns }: Grid2D): Shader {
  return shader(
    'tokens of cells',
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'cells', 'array<i32>'],
      ['write', 'tokens', 'array<i32>'],
    ],
    `
@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let cell = i32(id.x);
  if (cell >= ${rows * columns}) { return; }
  let firstRow = id.z * shape.length;
  var low = 0u;
  var high = shape.length;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (cells[firstRow + middle] < cell) { low = middle + 1u; } else { high = middle; }
  }
  let there = low < shape.length && cells[firstRow + min(low, shape.length - 1u)] == cell;
  tokens[id.z * ${rows * columns}u + id.x] = select(-1, i32(low), there);
}`,
  );
}

/**
 * The snakes through the tokens that are left, as fillSnakeTables makes them. Bindings: shape · full snakes (see
 * `packSnakes`) · token of each cell or -1 [B, cells] · steps [B, 4, K, 3]: token, move into its cell, and pruned
 * cells passed since the step before. Grid: [4, 1, B].
 */
export function snakeStepsShader({ rows, columns }: Grid2D): Shader {
  return shader(
    'snake steps',
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'snakes', 'array<i32>'],
      ['read', 'tokens', 'array<i32>'],
      ['write', 'steps', 'array<i32>'],
    ],
    `
const cells = ${rows * columns}u;
const lanes = ${lanes}u;
var<workgroup> counts: array<u32, ${lanes}>;
var<workgroup> lasts: array<i32, ${lanes}>;

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let snake = group.x * cells * 2u;
  let places = group.z * cells;
  let share = (cells + lanes - 1u) / lanes;
  let begin = min(lane * share, cells);
  let end = min(begin + share, cells);
  var count = 0u;
  var last = -1;
  for (var rank = begin; rank < end; rank++) {
    if (tokens[places + u32(snakes[snake + 2u * rank])] >= 0) {
      count++;
      last = i32(rank);
    }
  }
  counts[lane] = count;
  lasts[lane] = last;
  workgroupBarrier();
  var slot = 0u;
  var before = -1;
  for (var earlier = 0u; earlier < lane; earlier++) {
    slot += counts[earlier];
    before = max(before, lasts[earlier]);
  }
  for (var rank = begin; rank < end; rank++) {
    let token = tokens[places + u32(snakes[snake + 2u * rank])];
    if (token < 0) { continue; }
    let at = ((group.z * ${scanDirections}u + group.x) * shape.length + slot) * 3u;
    steps[at] = token;
    steps[at + 1u] = snakes[snake + 2u * rank + 1u];
    steps[at + 2u] = select(i32(rank) - before - 1, 0, slot == 0u);
    before = i32(rank);
    slot++;
  }
}`,
  );
}

/** Cell and move of every step of every snake, [4, cells, 2]. */
export function packSnakes(snakes: readonly ScanOrder[]): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    snakes.flatMap(({ cells, moves }) => Array.from(cells, (cell, rank) => [cell, moves[rank]]).flat()),
  );
}
