/**
 * PlainMamba in float64 as blocks that can be entered and left: what its dense-prediction backbones are made of. A
 * layer is x + mixer(LayerNorm(x)), in some models followed by a depthwise convolution; see the classifier's
 * reference for what is particular about the mixer.
 */
import { plainMambaPositionEmbedding } from '../../plainmamba/position-embedding.ts';
import { keptOrder, snakeOrders } from '../../plainmamba/scan-order.ts';
import { type PlainMambaSpec, plainMambaGrid, stemConvNames } from '../../plainmamba/spec.ts';
import type { Alignment } from '../../pruning/plan.ts';
import { batchNormAffine, convolve, depthwiseOnGrid, gelu } from '../../reference/grid-layers.ts';
import {
  add,
  columns,
  gatherRows,
  layerNorm,
  linear,
  selectiveScan,
  silu,
  softplus,
} from '../../reference/layers.ts';
import type { Observer, Parameters } from '../../reference/prediction.ts';
import { batchNorm, conv, type FeatureMap, relu, tokensOfMap } from './maps.ts';
import type { Signals } from './pruning.ts';

/** A PlainMamba that is run layer by layer. */
export interface PlainMambaBlocks {
  /** Pixels [C, H, W] → tokens [cells, d], position embedding included. */
  embed(image: FeatureMap): Float64Array;
  /**
   * @param tokens [K, d]
   * @param positions [K]: raster index of each token's cell, rising
   */
  layer(
    layer: number,
    tokens: Float64Array,
    positions: Int32Array,
  ): { readonly tokens: Float64Array; readonly signals: Signals };
}

export function plainMambaBlocks(
  spec: PlainMambaSpec,
  parameter: Parameters,
  alignment: Alignment,
  observe: Observer = () => {},
): PlainMambaBlocks {
  return {
    embed: (image) => embed(spec, parameter, image, observe),
    layer: (layer, tokens, positions) => runLayer(spec, parameter, alignment, layer, tokens, positions),
  };
}

function embed(
  spec: PlainMambaSpec,
  parameter: Parameters,
  image: FeatureMap,
  observe: Observer,
): Float64Array {
  const prefix = 'backbone.patch_embed';
  const stem = (x: FeatureMap, weight: string, norm: string, kernel: number, stride: number) =>
    relu(batchNorm(parameter, norm, conv(parameter, weight, x, kernel, { stride, bias: false })));
  let x = stem(image, `${prefix}.stem.0`, `${prefix}.stem.1`, 7, 2);
  for (let i = 0; i < spec.stemConvs; i++) {
    const { weight, batchNorm: norm } = stemConvNames(i);
    x = stem(x, weight, norm, 3, 1);
  }
  const grid = plainMambaGrid(spec);
  const projected = convolve(
    x,
    parameter(`${prefix}.projection.weight`),
    {
      outputs: spec.width,
      kernel: spec.patchSize / 2,
      stride: spec.patchSize / 2,
      padding: 0,
      outputHeight: grid.height,
      outputWidth: grid.width,
    },
    parameter(`${prefix}.projection.bias`),
  );
  const patches = tokensOfMap(projected);
  observe('patch_tokens', patches);
  const tokens = add(patches, plainMambaPositionEmbedding(spec, parameter('backbone.pos_embed')));
  observe('tokens_pos', tokens);
  return tokens;
}

function runLayer(
  spec: PlainMambaSpec,
  parameter: Parameters,
  alignment: Alignment,
  layer: number,
  tokens: Float64Array,
  positions: Int32Array,
): { readonly tokens: Float64Array; readonly signals: Signals } {
  const d = spec.width;
  const prefix = `backbone.layers.${layer}`;
  const own = (name: string) => parameter(`${prefix}.${name}`);
  const normed = layerNorm(tokens, own('norm.weight'), own('norm.bias'), positions.length, d, 1e-5);
  const { output, signals } = mixer(spec, (name) => own(`mamba.${name}`), alignment, normed, positions);
  const sum = add(tokens, output);
  if (!spec.depthwiseLayers.includes(layer)) return { tokens: sum, signals };
  const convolved = depthwiseOnGrid(sum, positions, plainMambaGrid(spec), own('dw.0.weight'), d, 3);
  const { scale, offset } = batchNormAffine(
    own('dw.1.weight'),
    own('dw.1.bias'),
    own('dw.1.running_mean'),
    own('dw.1.running_var'),
  );
  return { tokens: convolved.map((value, i) => gelu(value * scale[i % d] + offset[i % d])), signals };
}

function mixer(
  spec: PlainMambaSpec,
  own: Parameters,
  alignment: Alignment,
  normed: Float64Array,
  positions: Int32Array,
): { readonly output: Float64Array; readonly signals: Signals } {
  const { width: d, innerWidth: E, stateSize: N, dtRank: r, convKernel } = spec;
  const grid = plainMambaGrid(spec);
  const length = positions.length;
  const xz = linear(normed, own('in_proj.weight'), length, d, 2 * E, own('in_proj.bias'));
  const gate = columns(xz, length, 2 * E, E, E).map(silu);
  const u = depthwiseOnGrid(
    columns(xz, length, 2 * E, 0, E),
    positions,
    grid,
    own('conv2d.weight'),
    E,
    convKernel,
    own('conv2d.bias'),
  ).map(silu);
  const projected = linear(u, own('x_proj.weight'), length, E, r + 2 * N);
  const part = (first: number, count: number) => columns(projected, length, r + 2 * N, first, count);
  const b = part(r, N);
  // dt_proj's bias is part of the projection, and the scan adds it once more.
  const bias = Float64Array.from(own('dt_proj.bias'), (value) => 2 * value);
  const delta = linear(part(0, r), own('dt_proj.weight'), length, r, E, bias).map(softplus);
  const a = Float64Array.from(own('A_log'), (value) => -Math.exp(value));
  const directionB = own('direction_Bs');

  const ssm = new Float64Array(length * E);
  for (const full of snakeOrders(grid.height, grid.width)) {
    const { order, moves, gaps } = keptOrder(full, positions);
    const y = selectiveScan(
      gatherRows(u, order, E),
      delta,
      b.map((value, i) => value + directionB[moves[Math.floor(i / N)] * N + (i % N)]),
      part(r + N, N),
      a,
      own('D'),
      bias.map(softplus),
      alignment === 'decay' ? gaps : new Int32Array(length),
      length,
      E,
      N,
    );
    for (let step = 0; step < length; step++) {
      for (let channel = 0; channel < E; channel++) ssm[order[step] * E + channel] += y[step * E + channel];
    }
  }
  const gated = ssm.map((y, i) => y * gate[i]);
  const output = linear(gated, own('out_proj.weight'), length, E, d, own('out_proj.bias'));
  return { output, signals: { gated, ssm } };
}
