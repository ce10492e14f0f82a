/**
 * Selection in WGSL by the rule of core/src/pruning/select.ts: the P protected tokens and the K - P best others; ties
 * go to the lower position, which among ordinary tokens is the lower index. Two kernels: every token counts the better
 * ones, then every image closes its ranks.
 */
import type { TokenOrder } from '@vssm/core';
import { lanes, type Shader, shader } from '../common/shader.wgsl.ts';

/** P is a handful: a loop over them costs less than a table. */
const isProtected = `
fn isProtected(image: u32, token: u32) -> bool {
  for (var i = 0u; i < shape.protectedTokens; i++) {
    if (protectedTokens[image * shape.protectedTokens + i] == token) { return true; }
  }
  return false;
}`;

/**
 * Bindings: shape · scores [B, L] · live [B, L], 1 for tokens that may stay · indices of the protected tokens [B, P] ·
 * chosen [B, L], 1 for tokens that stay. Grid: `rowGrid(L, 1, B)`. A score that is not a number ranks last.
 */
export function rankShader(): Shader {
  return shader(
    'rank',
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'scores', 'array<f32>'],
      ['read', 'live', 'array<f32>'],
      ['read', 'protectedTokens', 'array<u32>'],
      ['write', 'chosen', 'array<f32>'],
    ],
    `
const lanes = ${lanes}u;
const lowest = -3.4028234e38;
var<workgroup> others: array<f32, ${lanes}>;
var<workgroup> candidates: array<u32, ${lanes}>;
${isProtected}

fn isCandidate(image: u32, token: u32) -> bool {
  return !isProtected(image, token) && live[image * shape.length + token] == 1.0;
}

fn scoreOf(image: u32, token: u32) -> f32 {
  let own = select(token, shape.length - 1u - token, shape.mirrored == 1u);
  let score = scores[image * shape.length + own];
  let notNumber = (bitcast<u32>(score) & 0x7fffffffu) > 0x7f800000u;
  return select(max(score, lowest), lowest, notNumber);
}

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let image = group.z;
  let token = group.x * lanes + lane;
  let there = token < shape.length;
  let own = scoreOf(image, min(token, shape.length - 1u));
  var better = 0u;
  for (var first = 0u; first < shape.length; first += lanes) {
    let other = first + lane;
    candidates[lane] = 0u;
    if (other < shape.length && isCandidate(image, other)) {
      others[lane] = scoreOf(image, other);
      candidates[lane] = 1u;
    }
    workgroupBarrier();
    for (var i = 0u; i < lanes; i++) {
      let ahead = others[i] > own || (others[i] == own && first + i < token);
      better += candidates[i] * u32(ahead);
    }
    workgroupBarrier();
  }
  if (!there) { return; }
  let ranked = shape.kept - shape.protectedTokens;
  let stays = isProtected(image, token) || (isCandidate(image, token) && better < ranked);
  chosen[image * shape.length + token] = f32(stays);
}`,
  );
}

/**
 * Bindings: shape · chosen [B, L] · indices of the protected tokens [B, P] · positions [B, L] · outputs: indices of the
 * tokens that stay, in their new order [B, K] · their positions [B, K] · the protected tokens' new indices [B, P].
 * Grid: [1, 1, B]. `recentred` moves the class token: P is 1.
 */
export function compactShader(tokenOrder: TokenOrder): Shader {
  const ordinaryOnly = tokenOrder === 'recentred';
  return shader(
    `compact ${tokenOrder}`,
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'chosen', 'array<f32>'],
      ['read', 'protectedTokens', 'array<u32>'],
      ['read', 'positions', 'array<i32>'],
      ['write', 'indices', 'array<u32>'],
      ['write', 'keptPositions', 'array<i32>'],
      ['write', 'newProtectedTokens', 'array<u32>'],
    ],
    `
const lanes = ${lanes}u;
var<workgroup> counts: array<u32, ${lanes}>;

fn place(image: u32, token: u32, slot: u32) {
  let at = image * shape.kept + slot;
  indices[at] = token;
  keptPositions[at] = positions[image * shape.length + token];
  for (var i = 0u; i < shape.protectedTokens; i++) {
    let own = image * shape.protectedTokens + i;
    if (token == protectedTokens[own]) { newProtectedTokens[own] = slot; }
  }
}

fn counted(image: u32, token: u32) -> bool {
  return chosen[image * shape.length + token] == 1.0${ordinaryOnly ? ' && token != protectedTokens[image]' : ''};
}

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let image = group.z;
  let share = (shape.length + lanes - 1u) / lanes;
  let begin = min(lane * share, shape.length);
  let end = min(begin + share, shape.length);
  var count = 0u;
  for (var token = begin; token < end; token++) { count += u32(counted(image, token)); }
  counts[lane] = count;
  workgroupBarrier();
  var slot = 0u;
  for (var earlier = 0u; earlier < lane; earlier++) { slot += counts[earlier]; }
${ordinaryOnly ? '  let half = (shape.kept - 1u) / 2u;' : ''}
  for (var token = begin; token < end; token++) {
    if (!counted(image, token)) { continue; }
    place(image, token, ${ordinaryOnly ? 'slot + u32(slot >= half)' : 'slot'});
    slot++;
  }
${ordinaryOnly ? '  if (lane == 0u) { place(image, protectedTokens[image], half); }' : ''}
}`,
  );
}
