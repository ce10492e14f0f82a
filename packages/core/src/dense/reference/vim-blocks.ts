/**
 * Vim in float64 as blocks that can be entered and left, for its segmentation backbone: no class token, so a token's
 * position is its cell. Both directions share the projections; their mean is the mixer's output.
 */
import { gaps } from '../../pruning/align.ts';
import type { PruningPlan } from '../../pruning/plan.ts';
import {
  add,
  causalConvSilu,
  columns,
  linear,
  patchEmbed,
  reverseRows,
  rmsNorm,
  selectiveScan,
  silu,
  softplus,
} from '../../reference/layers.ts';
import type { Parameters } from '../../reference/prediction.ts';
import { type Direction, directionParameterNames, patchGrid, type VimSpec } from '../../vim/spec.ts';
import type { FeatureMap } from './maps.ts';
import type { Signals } from './pruning.ts';

/** A Vim that is run block by block. */
export interface VimBlocks {
  /** Pixels [C, H, W] → tokens [cells, d] without and with the position embedding. */
  embed(image: FeatureMap): { readonly patches: Float64Array; readonly tokens: Float64Array };
  /**
   * RMSNorm and mixer of one block.
   *
   * @param residual [K, d], the sum that enters the norm
   * @param positions [K]: raster index of each token's cell, rising
   * @returns the mixer's output [K, d]
   */
  block(
    block: number,
    residual: Float64Array,
    positions: Int32Array,
  ): { readonly hidden: Float64Array; readonly signals: Signals };
}

export function vimBlocks(
  spec: VimSpec,
  parameter: Parameters,
  plan: Pick<PruningPlan, 'alignment' | 'conv'>,
): VimBlocks {
  return {
    embed: (image) => embed(spec, parameter, image),
    block: (block, residual, positions) => runBlock(spec, parameter, plan, block, residual, positions),
  };
}

function embed(spec: VimSpec, parameter: Parameters, image: FeatureMap): ReturnType<VimBlocks['embed']> {
  const grid = patchGrid(spec);
  const patches = patchEmbed(
    image.values,
    parameter('backbone.patch_embed.proj.weight'),
    parameter('backbone.patch_embed.proj.bias'),
    {
      channels: image.channels,
      imageHeight: image.height,
      imageWidth: image.width,
      patch: spec.patchSize,
      stride: spec.stride,
      rows: grid.height,
      columns: grid.width,
      width: spec.width,
    },
  );
  return { patches, tokens: add(patches, parameter('backbone.pos_embed')) };
}

function runBlock(
  spec: VimSpec,
  parameter: Parameters,
  plan: Pick<PruningPlan, 'alignment' | 'conv'>,
  block: number,
  residual: Float64Array,
  positions: Int32Array,
): ReturnType<VimBlocks['block']> {
  const { width: d, innerWidth: E } = spec;
  const length = positions.length;
  const own = (name: string) => parameter(`backbone.layers.${block}.${name}`);
  const normed = rmsNorm(residual, own('norm.weight'), length, d);
  const xz = linear(normed, own('mixer.in_proj.weight'), length, d, 2 * E);
  const x = columns(xz, length, 2 * E, 0, E);
  const gate = columns(xz, length, 2 * E, E, E).map(silu);
  const scan = (direction: Direction, inputs: Float64Array, order: Int32Array) =>
    scanDirection(spec, (name) => own(`mixer.${name}`), plan, direction, inputs, order);
  const forward = scan('forward', x, positions);
  const reversed = scan('backward', reverseRows(x, length, E), positions.slice().reverse());
  const backward = reverseRows(reversed, length, E);
  const ssm = add(forward, backward);
  const gated = ssm.map((y, i) => (y * gate[i]) / 2);
  const hidden = linear(gated, own('mixer.out_proj.weight'), length, E, d);
  return { hidden, signals: { gated, ssm, 'gated-backward': backward.map((y, i) => y * gate[i]) } };
}

/** x [L, E] and positions [L] in scan order → y [L, E] in scan order, not gated. */
function scanDirection(
  { innerWidth: E, stateSize: N, dtRank: r, convKernel }: VimSpec,
  own: Parameters,
  plan: Pick<PruningPlan, 'alignment' | 'conv'>,
  direction: Direction,
  x: Float64Array,
  positions: Int32Array,
): Float64Array {
  const length = positions.length;
  const names = directionParameterNames[direction];
  const u = causalConvSilu(
    x,
    own(`${names.conv}.weight`),
    own(`${names.conv}.bias`),
    length,
    E,
    convKernel,
    plan.conv === 'positional' ? positions : undefined,
  );
  const projected = linear(u, own(`${names.xProj}.weight`), length, E, r + 2 * N);
  const part = (first: number, count: number) => columns(projected, length, r + 2 * N, first, count);
  const bias = own(`${names.dtProj}.bias`);
  return selectiveScan(
    u,
    linear(part(0, r), own(`${names.dtProj}.weight`), length, r, E, bias).map(softplus),
    part(r, N),
    part(r + N, N),
    Float64Array.from(own(names.aLog), (value) => -Math.exp(value)),
    own(names.d),
    Float64Array.from(bias, softplus),
    plan.alignment === 'decay' ? gaps(positions) : new Int32Array(length),
    length,
    E,
    N,
  );
}
