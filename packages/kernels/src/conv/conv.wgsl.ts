/**
 * Depthwise causal convolution with bias and SiLU of both directions at once, in WGSL. The options and the twin
 * are conv.ts. Taps go by positions: tap `distance` reads the row whose position is exactly
 * that far back in scan order, if it is there. Compact taps are the same thing with positions 0, 1, 2 …
 */

import { wgslSilu } from '../common/math.wgsl.ts';
import { lanes, type Shader, shader } from '../common/shader.wgsl.ts';

export interface ConvShape {
  /** E */
  readonly channels: number;
  readonly taps: number;
}

/**
 * Bindings: shape · xz [B, L, 2E], x first · weights (see `packConvWeights`) · positions [B or 1, L] · outputs u
 * of the forward and of the backward direction, [B, L, E]. Grid: `rowGrid(E, L, B)`.
 */
export function convShader({ channels, taps }: ConvShape): Shader {
  return shader(
    'convolution',
    [
      ['uniform', 'shape', 'Shape'],
      ['read', 'xz', 'array<f32>'],
      ['read', 'weights', 'array<f32>'],
      ['read', 'positions', 'array<i32>'],
      ['write', 'uForward', 'array<f32>'],
      ['write', 'uBackward', 'array<f32>'],
    ],
    `
const channels = ${channels}u;
const taps = ${taps}u;
/** [taps, E], then the bias [E]; forward, then backward. */
const perDirection = (taps + 1u) * channels;
${wgslSilu}

fn tapWeight(direction: u32, distance: u32, channel: u32) -> f32 {
  return weights[direction * perDirection + (taps - 1u - distance) * channels + channel];
}

fn bias(direction: u32, channel: u32) -> f32 {
  return weights[direction * perDirection + taps * channels + channel];
}

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  let token = id.y;
  let image = id.z;
  if (channel >= channels) { return; }
  let row = image * shape.length + token;
  let places = image * shape.tapStride;
  let position = positions[places + token];
  let x = xz[row * 2u * channels + channel];
  var forward = bias(0u, channel) + tapWeight(0u, 0u, channel) * x;
  var backward = bias(1u, channel) + tapWeight(1u, 0u, channel) * x;
  // Positions rise along the row, so a tap's source is at most taps - 1 rows away.
  for (var step = 1u; step < taps; step++) {
    if (step <= token) {
      let distance = u32(position - positions[places + token - step]);
      if (distance < taps) {
        forward += tapWeight(0u, distance, channel) * xz[(row - step) * 2u * channels + channel];
      }
    }
    if (token + step < shape.length) {
      let distance = u32(positions[places + token + step] - position);
      if (distance < taps) {
        backward += tapWeight(1u, distance, channel) * xz[(row + step) * 2u * channels + channel];
      }
    }
  }
  uForward[row * channels + channel] = silu(forward);
  uBackward[row * channels + channel] = silu(backward);
}`,
  );
}

/** What `packConvWeights` takes of one direction. */
export interface ConvParameters {
  /** [E, taps], or [E, 1, taps] */
  readonly weight: Float32Array;
  /** [E] */
  readonly bias: Float32Array;
}

/** [taps, E] and bias [E] of the forward direction, then of the backward one. */
export function packConvWeights(
  { channels, taps }: ConvShape,
  forward: ConvParameters,
  backward: ConvParameters,
): Float32Array<ArrayBuffer> {
  const perDirection = (taps + 1) * channels;
  const packed = new Float32Array(2 * perDirection);
  for (const [direction, { weight, bias }] of [forward, backward].entries()) {
    for (let channel = 0; channel < channels; channel++) {
      for (let tap = 0; tap < taps; tap++) {
        packed[direction * perDirection + tap * channels + channel] = weight[channel * taps + tap];
      }
    }
    packed.set(bias, direction * perDirection + taps * channels);
  }
  return packed;
}
