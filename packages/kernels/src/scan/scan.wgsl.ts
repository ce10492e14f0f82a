/**
 * The selective scan of one direction with everything around it that touches the same numbers, in WGSL: softplus,
 * recurrence with its decay over gaps, skip, and in the last direction the sum of all and the gate. The options
 * and the twins are scan.ts (Vim's two directions) and snake-scan.ts (PlainMamba's four).
 *
 * One workgroup takes one image and a tile of 64 channels, one lane per channel, whose N states never leave
 * registers. Tokens come in chunks: rows are loaded side by side, the recurrence runs on workgroup memory alone,
 * and outputs are written side by side again.
 */
import type { Direction } from '@vssm/core';
import { wgslSilu, wgslSoftplus } from '../common/math.wgsl.ts';
import { type Binding, type Grid, lanes, type Shader, shader, tilesOf } from '../common/shader.wgsl.ts';

export interface ScanShape {
  /** E */
  readonly channels: number;
  /** N */
  readonly states: number;
  /** r: B and C follow the r columns of Δ's low-rank form in `projected`. */
  readonly dtRank: number;
}

export interface ScanPass {
  /**
   * Vim's: which end of the sequence comes first. PlainMamba's: which of the four snakes u and y go along, while
   * Δ, B and C stay in position order.
   */
  readonly direction: Direction | SnakeDirection;
  /** Add to what y holds instead of overwriting it. */
  readonly accumulate: boolean;
  /** Of the last pass: y becomes scale · SiLU(z) · sum. Undefined: no gate yet. */
  readonly gate?: {
    readonly scale: number;
    /**
     * A second output for a rule that reads it: the sum before the gate (`ssm`), or this direction's y, gated and not
     * scaled (`gated-backward`).
     */
    readonly leaves?: 'ssm' | 'gated-backward';
  };
}

/** Index into snakeOrders of core. */
export type SnakeDirection = 0 | 1 | 2 | 3;

/** Workgroup memory for one chunk of tokens stays below this, so that several workgroups fit a processor. */
const chunkBytes = 8192;

/**
 * Bindings: shape · projected [B, L, r + 2N] · delta [B, L, E] · u [B, L, E] · parameters (see
 * `packScanParameters`) · positions [B or 1, L], or a snake's steps (see `snakeStepsShader`) · y [B, L, E] · on the
 * last pass xz [B, L, 2E], z second · the second output [B, L, E], if there is one. Grid: `scanGrid`.
 */
export function scanShader({ channels, states, dtRank }: ScanShape, pass: ScanPass): Shader {
  const { direction, accumulate, gate } = pass;
  const snake = typeof direction === 'number';
  const quads = Math.ceil(states / 4);
  const perToken = 32 * quads + 8 * lanes;
  const chunk = Math.max(1, Math.min(16, Math.floor(chunkBytes / perToken)));
  const bindings: [Binding, string, string][] = [
    ['uniform', 'shape', 'Shape'],
    ['read', 'projected', 'array<f32>'],
    ['read', 'delta', 'array<f32>'],
    ['read', 'u', 'array<f32>'],
    ['read', 'parameters', 'array<f32>'],
    ['read', snake ? 'steps' : 'positions', 'array<i32>'],
    ['write', 'y', 'array<f32>'],
  ];
  if (gate !== undefined) bindings.push(['read', 'xz', 'array<f32>']);
  if (gate?.leaves !== undefined) bindings.push(['write', 'signal', 'array<f32>']);

  const each = (line: (quad: number) => string) =>
    Array.from({ length: quads }, (_, q) => line(q)).join('\n');
  const components = (of: (state: number) => string) => (quad: number) =>
    `vec4f(${[0, 1, 2, 3].map((i) => (4 * quad + i < states ? of(4 * quad + i) : '0.0')).join(', ')})`;

  return shader(
    `scan ${direction}${gate?.leaves === undefined ? '' : `, leaves ${gate.leaves}`}`,
    bindings,
    `
const channels = ${channels}u;
const states = ${states}u;
const columns = ${dtRank + 2 * states}u;
const quads = ${quads}u;
const chunk = ${chunk}u;
const lanes = ${lanes}u;
${wgslSilu}
${wgslSoftplus}

var<workgroup> bs: array<vec4f, ${chunk * quads}>;
var<workgroup> cs: array<vec4f, ${chunk * quads}>;
var<workgroup> gaps: array<f32, ${chunk}>;
/** Δ of a chunk, and u, whose place the output takes. */
var<workgroup> deltas: array<f32, ${chunk * lanes}>;
var<workgroup> values: array<f32, ${chunk * lanes}>;

${snake ? snakeSteps(direction, states) : straightSteps(direction)}

fn projectedQuad(row: u32, first: u32, quad: u32) -> vec4f {
  let at = row * columns + first + 4u * quad;
  return vec4f(${quadOf(states, (i) => `projected[at + ${i}u]`)});
}

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let image = group.y;
  let inside = group.x * lanes + lane < channels;
  let channel = min(group.x * lanes + lane, channels - 1u);
  let firstRow = image * shape.length;
  let bias = parameters[states * channels + channel];
  let skip = parameters[(states + 1u) * channels + channel];
  let rest = softplus(bias);
${each((q) => `  let a${q} = ${components((n) => `parameters[${n}u * channels + channel]`)(q)};`)}
${each((q) => `  var h${q} = vec4f(0.0);`)}

  for (var first = 0u; first < shape.length; first += chunk) {
    let count = min(chunk, shape.length - first);
    for (var i = lane; i < count * quads; i += lanes) {
      let row = firstRow + rowAt(first + i / quads);
      bs[i] = projectedQuad(row, ${dtRank}u, i % quads)${snake ? ' + moveQuad(image, first + i / quads, i % quads)' : ''};
      cs[i] = projectedQuad(row, ${dtRank + states}u, i % quads);
    }
    if (lane < count) { gaps[lane] = gapBefore(image, first + lane); }
    for (var s = 0u; s < count; s++) {
      let row = firstRow + rowAt(first + s);
      let token = firstRow + tokenAt(image, first + s);
      deltas[s * lanes + lane] = softplus(delta[row * channels + channel] + bias);
      values[s * lanes + lane] = u[token * channels + channel];
    }
    workgroupBarrier();

    for (var s = 0u; s < count; s++) {
      let dt = deltas[s * lanes + lane];
      let input = values[s * lanes + lane];
      let span = dt + gaps[s] * rest;
      let written = dt * input;
      var own = skip * input;
${each(
  (q) => `      h${q} = exp2(span * a${q}) * h${q} + written * bs[s * quads + ${q}u];
      own += dot(cs[s * quads + ${q}u], h${q});`,
)}
      values[s * lanes + lane] = own;
    }

    for (var s = 0u; s < count; s++) {
      let row = firstRow + tokenAt(image, first + s);
      let at = row * channels + channel;
      let own = values[s * lanes + lane];
      let sum = own${accumulate ? ' + y[at]' : ''};
${
  gate === undefined
    ? '      let out = sum;'
    : `      let gate = silu(xz[(2u * row + 1u) * channels + channel]);
      let out = ${gate.scale === 1 ? '' : `${gate.scale} * `}gate * sum;`
}
      if (inside) { y[at] = out; }
${leaves(gate?.leaves)}
    }
    workgroupBarrier();
  }
}`,
  );
}

/** What a rule reads of this pass, if anything. */
function leaves(which: NonNullable<ScanPass['gate']>['leaves']): string {
  switch (which) {
    case undefined:
      return '';
    case 'ssm':
      return '      if (inside) { signal[at] = sum; }';
    case 'gated-backward':
      return '      if (inside) { signal[at] = own * gate; }';
    default:
      throw which satisfies never;
  }
}

/** Four components, of which only those below `states` exist; `quad` and `at` are in scope. */
function quadOf(states: number, component: (i: number) => string): string {
  return [0, 1, 2, 3]
    .map((i) =>
      states % 4 === 0 ? component(i) : `select(0.0, ${component(i)}, 4u * quad + ${i}u < states)`,
    )
    .join(', ');
}

/** Vim: everything of a step lies in the same row. */
function straightSteps(direction: Direction): string {
  return `
fn rowAt(step: u32) -> u32 { return ${direction === 'forward' ? 'step' : 'shape.length - 1u - step'}; }
fn tokenAt(image: u32, step: u32) -> u32 { return rowAt(step); }

/** Positions between this step's token and the one before it. */
fn gapBefore(image: u32, step: u32) -> f32 {
  if (step == 0u) { return 0.0; }
  let places = image * shape.gapStride;
  return f32(abs(positions[places + rowAt(step)] - positions[places + rowAt(step - 1u)]) - 1);
}`;
}

/** PlainMamba: rows by step, tokens along the snake, and a vector for the move added to B. */
function snakeSteps(direction: SnakeDirection, states: number): string {
  return `
fn rowAt(step: u32) -> u32 { return step; }
fn stepAt(image: u32, step: u32) -> u32 { return ((image * 4u + ${direction}u) * shape.length + step) * 3u; }
fn tokenAt(image: u32, step: u32) -> u32 { return u32(steps[stepAt(image, step)]); }

/** Pruned cells that the snake has passed since the step before. */
fn gapBefore(image: u32, step: u32) -> f32 {
  return select(0.0, f32(steps[stepAt(image, step) + 2u]), shape.gapStride > 0u);
}

fn moveQuad(image: u32, step: u32, quad: u32) -> vec4f {
  let at = (states + 2u) * channels + u32(steps[stepAt(image, step) + 1u]) * states + 4u * quad;
  return vec4f(${quadOf(states, (i) => `parameters[at + ${i}u]`)});
}`;
}

/** Workgroups of one scan: a tile of channels each, for every image. */
export function scanGrid({ channels }: ScanShape, batch: number): Grid {
  return [tilesOf(channels), batch, 1];
}

/** What `packScanParameters` takes of one direction. */
export interface ScanParameters {
  /** [E, N], A = -exp(aLog) */
  readonly aLog: Float32Array;
  /** [E] each */
  readonly deltaBias: Float32Array;
  readonly d: Float32Array;
  /** PlainMamba's [5, N]: what a step's move adds to B. */
  readonly directionB?: Float32Array;
}

/** A·log2(e) as [N, E], then the bias of Δ [E], then D [E], then what moves add to B, if there is that. */
export function packScanParameters(
  { channels, states }: ScanShape,
  { aLog, deltaBias, d, directionB }: ScanParameters,
): Float32Array<ArrayBuffer> {
  const packed = new Float32Array((states + 2) * channels + (directionB?.length ?? 0));
  for (let channel = 0; channel < channels; channel++) {
    for (let n = 0; n < states; n++) {
      packed[n * channels + channel] = -Math.exp(aLog[channel * states + n]) * Math.LOG2E;
    }
  }
  packed.set(deltaBias, states * channels);
  packed.set(d, (states + 1) * channels);
  if (directionB !== undefined) packed.set(directionB, (states + 2) * channels);
  return packed;
}
