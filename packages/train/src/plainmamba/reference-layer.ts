/** One PlainMamba layer's mixer in float64, forward and backward: norm, grid convolution, four snakes, gate, projections. */
import { keptOrder, type PruningPlan, type ScanOrder, type SignalSource, snakeOrders } from '@vssm/core';
import { silu } from '@vssm/core/reference';
import { type PlainMambaSpec, plainMambaGrid } from '@vssm/families';
import {
  type GridConvArrays,
  gridConvForward,
  gridConvPullback,
  type SnakeArrays,
  siluSlope,
  snakeForward,
  snakePullback,
} from '@vssm/kernels';
import type { Gradients64, Parameters64 } from '../reference/gradients.ts';
import { add, columns, layerNorm, linear, sideBySide } from '../reference/layers.ts';

export interface LayerResult {
  /** [K, d]: the mixer's output. */
  readonly hidden: Float64Array;
  /** What scores are made from. */
  readonly signals: SignalSource;
  /** dL/dhidden → dL/dtokens of this path; the parameters' gradients are collected. */
  pullback(dHidden: Float64Array): Float64Array;
}

/**
 * @param tokens [K, d], what the layer's norm reads
 * @param positions [K]: raster index of each token's cell, rising
 */
export function plainMambaLayer(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  layer: number,
  tokens: Float64Array,
  positions: Int32Array,
  gradients: Gradients64,
): LayerResult {
  const { width: d, innerWidth: E, stateSize: N, dtRank: r, convKernel } = spec;
  const { height, width } = plainMambaGrid(spec);
  const length = positions.length;
  const prefix = `backbone.layers.${layer}`;
  const own = (name: string) => parameters.get(`${prefix}.${name}`)!;
  const collect = (name: string, gradient: Float64Array) => gradients.collect(`${prefix}.${name}`, gradient);

  const norm = layerNorm(tokens, own('norm.weight'), own('norm.bias'), 1e-5);
  const inProjection = linear(norm.y, own('mamba.in_proj.weight'), d, 2 * E, {
    bias: own('mamba.in_proj.bias'),
  });
  const z = columns(inProjection.y, 2 * E, E, E);
  const taps = convKernel ** 2;
  const conv: GridConvArrays = {
    ...{
      channels: E,
      kernel: convKernel,
      rows: height,
      columns: width,
      activation: 'silu',
      cells: positions,
    },
    x: columns(inProjection.y, 2 * E, 0, E),
    weight: transposed(own('mamba.conv2d.weight'), E, taps),
    bias: own('mamba.conv2d.bias'),
  };
  const u = gridConvForward(conv);
  const xProjection = linear(u, own('mamba.x_proj.weight'), E, r + 2 * N);
  const part = (first: number, count: number) => columns(xProjection.y, r + 2 * N, first, count);
  const dtProjection = linear(part(0, r), own('mamba.dt_proj.weight'), r, E);
  const scan: SnakeArrays = {
    ...{ length, channels: E, states: N, delta: dtProjection.y, u, b: part(r, N), c: part(r + N, N) },
    deltaBias: own('mamba.dt_proj.bias').map((bias) => 2 * bias),
    a: own('mamba.A_log').map((value) => -Math.exp(value)),
    d: own('mamba.D'),
    directionB: own('mamba.direction_Bs'),
    ...walks(snakeOrders(height, width), positions, plan.alignment === 'decay'),
  };
  const ssm = snakeForward(scan);
  const gated = ssm.map((value, i) => value * silu(z[i]));
  const outProjection = linear(gated, own('mamba.out_proj.weight'), E, d, {
    bias: own('mamba.out_proj.bias'),
  });

  return {
    hidden: outProjection.y,
    signals: { gated: () => gated, ssm: () => ssm },
    pullback(dHidden) {
      const out = outProjection.pullback(dHidden);
      collect('mamba.out_proj.weight', out.weight);
      collect('mamba.out_proj.bias', out.bias);
      const dZ = out.x.map((slope, i) => slope * ssm[i] * siluSlope(z[i]));
      const through = snakePullback(
        scan,
        out.x.map((slope, i) => slope * silu(z[i])),
      );
      collect(
        'mamba.dt_proj.bias',
        through.deltaBias.map((slope) => 2 * slope),
      );
      collect(
        'mamba.A_log',
        through.a.map((slope, i) => slope * scan.a[i]),
      );
      collect('mamba.D', through.d);
      collect('mamba.direction_Bs', through.directionB);
      const dt = dtProjection.pullback(through.delta);
      collect('mamba.dt_proj.weight', dt.weight);
      const projected = xProjection.pullback(sideBySide(length, [dt.x, through.b, through.c]));
      collect('mamba.x_proj.weight', projected.weight);
      const convolved = gridConvPullback(conv, add(through.u, projected.x));
      collect('mamba.conv2d.weight', transposed(convolved.weight, taps, E));
      collect('mamba.conv2d.bias', convolved.bias);
      const into = inProjection.pullback(sideBySide(length, [convolved.x, dZ]));
      collect('mamba.in_proj.weight', into.weight);
      collect('mamba.in_proj.bias', into.bias);
      const dNorm = norm.pullback(into.x);
      collect('norm.weight', dNorm.weight);
      collect('norm.bias', dNorm.bias);
      return dNorm.x;
    },
  };
}

/** The tokens of each snake in their order, [4, K] each. */
function walks(snakes: readonly ScanOrder[], positions: Int32Array, decay: boolean) {
  const kept = snakes.map((snake) => keptOrder(snake, positions));
  return {
    orders: kept.flatMap(({ order }) => [...order]),
    moves: kept.flatMap(({ moves }) => [...moves]),
    gaps: kept.flatMap(({ gaps }) => [...(decay ? gaps : gaps.map(() => 0))]),
  };
}

/** [rows, columns] → [columns, rows] */
function transposed(x: Float64Array, rows: number, width: number): Float64Array {
  return x.map((_, at) => x[(at % rows) * width + Math.floor(at / rows)]);
}
