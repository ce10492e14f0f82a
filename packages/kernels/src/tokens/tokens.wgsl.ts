/**
 * What a pruning step does to whole tokens, in WGSL: their scores, gathering the kept rows, and zeroing pruned ones.
 * The scores are what the rules' definitions in core say; the twin of the gather is tokens.ts.
 */
import { type ReductionName, reductionTable } from '@vssm/core';
import { lanes, type Shader, shader } from '../common/shader.wgsl.ts';

/**
 * A signal reduced over its channels. Bindings: shape · signal [B, L, width] · scores [B, L]. Grid: [1, L, B].
 */
export function scoresShader(width: number, reduce: ReductionName): Shader {
  const { share, score } = reductionTable[reduce].wgsl;
  return shader(
    `scores ${reduce}`,
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'rows', 'array<f32>'],
      ['write', 'scores', 'array<f32>'],
    ],
    sumOfRow(
      width,
      `let signal = rows[row * width + i];
    sum += ${share};`,
      score,
    ),
  );
}

/** One workgroup per row: `add` adds channel `i` of `row` to `sum`, `score` makes the sum of all lanes the score. */
function sumOfRow(width: number, add: string, score: string): string {
  return `
const width = ${width}u;
const lanes = ${lanes}u;
var<workgroup> sums: array<f32, ${lanes}>;

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.z * shape.length + group.y;
  var laneSum = 0.0;
  for (var i = lane; i < width; i += lanes) {
    var sum = laneSum;
    ${add}
    laneSum = sum;
  }
  sums[lane] = laneSum;
  workgroupBarrier();
  if (lane == 0u) {
    var sum = 0.0;
    for (var other = 0u; other < lanes; other++) { sum += sums[other]; }
    scores[row] = ${score};
  }
}`;
}

/**
 * The EViT rule: each row's dot product with a reference, the class token's row or the mean. Bindings: shape · rows
 * [B, L, width] · references [B, width] · scores [B, L]. Grid: [1, L, B].
 */
export function dotScoreShader(width: number): Shader {
  return shader(
    'scores evit',
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'rows', 'array<f32>'],
      ['read', 'references', 'array<f32>'],
      ['write', 'scores', 'array<f32>'],
    ],
    sumOfRow(width, 'sum += rows[row * width + i] * references[group.z * width + i];', 'sum'),
  );
}

/**
 * The mean over the tokens that live. Bindings: shape · rows [B, L, width] · live [B, L] · mean [B, width].
 * Grid: `rowGrid(width, 1, B)`.
 */
export function meanRowShader(width: number): Shader {
  return shader(
    'mean row',
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'rows', 'array<f32>'],
      ['read', 'live', 'array<f32>'],
      ['write', 'mean', 'array<f32>'],
    ],
    `
const width = ${width}u;

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= width) { return; }
  var sum = 0.0;
  var count = 0.0;
  for (var token = 0u; token < shape.length; token++) {
    let row = id.z * shape.length + token;
    sum += live[row] * rows[row * width + id.x];
    count += live[row];
  }
  mean[id.z * width + id.x] = sum / count;
}`,
  );
}

/**
 * Mean over the protected tokens. Bindings: shape · rows [B, L, width] · indices of the protected tokens [B, P] · mean
 * [B, width]. Grid: `rowGrid(width, 1, B)`.
 */
export function protectedMeanShader(width: number): Shader {
  return shader(
    'mean of the protected rows',
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'rows', 'array<f32>'],
      ['read', 'protectedTokens', 'array<u32>'],
      ['write', 'mean', 'array<f32>'],
    ],
    `
const width = ${width}u;

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= width) { return; }
  var sum = 0.0;
  for (var i = 0u; i < shape.protectedTokens; i++) {
    let row = id.z * shape.length + protectedTokens[id.z * shape.protectedTokens + i];
    sum += rows[row * width + id.x];
  }
  mean[id.z * width + id.x] = sum / f32(shape.protectedTokens);
}`,
  );
}

/**
 * Scores drawn beforehand, looked up by position. Bindings: shape · drawn [B, steps, L0] · positions [B, L] ·
 * scores [B, L]. Grid: `rowGrid(L, 1, B)`.
 */
export function drawnScoresShader(fullLength: number, steps: number, step: number): Shader {
  return shader(
    `scores random, step ${step}`,
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'drawn', 'array<f32>'],
      ['read', 'positions', 'array<i32>'],
      ['write', 'scores', 'array<f32>'],
    ],
    `
@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let token = id.x;
  let image = id.z;
  if (token >= shape.length) { return; }
  let at = image * shape.length + token;
  scores[at] = drawn[(image * ${steps}u + ${step}u) * ${fullLength}u + u32(positions[at])];
}`,
  );
}

/**
 * Bindings: shape · from [B, L, width] · indices into the sequence [B, K] · to [B, K, width].
 * Grid: `rowGrid(width, K, B)`.
 */
export function gatherShader(width: number): Shader {
  return shader(
    `gather ${width}`,
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'rowsBefore', 'array<f32>'],
      ['read', 'indices', 'array<u32>'],
      ['write', 'rowsAfter', 'array<f32>'],
    ],
    `
const width = ${width}u;

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= width) { return; }
  let to = id.z * shape.kept + id.y;
  let source = id.z * shape.length + indices[to];
  rowsAfter[to * width + id.x] = rowsBefore[source * width + id.x];
}`,
  );
}

/**
 * Zeroes the rows of tokens that do not live. Bindings: shape · live [B, L], 0 or 1 · rows [B, L, width].
 * Grid: `rowGrid(width, L, B)`.
 */
export function zeroShader(width: number): Shader {
  return shader(
    `zero ${width}`,
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'live', 'array<f32>'],
      ['write', 'rows', 'array<f32>'],
    ],
    `
const width = ${width}u;

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.z * shape.length + id.y;
  if (id.x < width && live[row] == 0.0) { rows[row * width + id.x] = 0.0; }
}`,
  );
}
