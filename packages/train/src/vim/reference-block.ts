/** One bidirectional block in float64, forward and backward: norm, both directions, gate, output projection. */
import { type Direction, gaps, type PruningPlan, type SignalSource } from '@vssm/core';
import { gatherRows, silu } from '@vssm/core/reference';
import { type BidirectionalSpec, type BidirectionalTraits, directionParameterNames } from '@vssm/families';
import {
  type ConvArrays,
  convForward,
  convPullback,
  type ScanArrays,
  scanForward,
  scanPullback,
  siluSlope,
} from '@vssm/kernels';
import type { Gradients64, Parameters64 } from '../reference/gradients.ts';
import { add, columns, linear, rmsNorm, sideBySide } from '../reference/layers.ts';

export interface BlockResult {
  /** [L, d]: the mixer's output. */
  readonly hidden: Float64Array;
  /** What scores are made from. */
  readonly signals: SignalSource;
  /** dL/dhidden → dL/dresidual of this path; the parameters' gradients are collected. */
  pullback(dHidden: Float64Array): Float64Array;
}

const directions: readonly Direction[] = ['forward', 'backward'];

/** @param residual [L, d], what the block's norm reads */
export function mambaBlock(
  { share }: Pick<BidirectionalTraits, 'share'>,
  spec: BidirectionalSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  block: number,
  residual: Float64Array,
  positions: Int32Array,
  gradients: Gradients64,
): BlockResult {
  const { width: d, innerWidth: E } = spec;
  const length = positions.length;
  const prefix = `layers.${block}`;
  const own = (name: string) => parameters.get(`${prefix}.${name}`)!;
  const collect = (name: string, gradient: Float64Array) => gradients.collect(`${prefix}.${name}`, gradient);

  const norm = rmsNorm(residual, own('norm.weight'));
  const inProjection = linear(norm.y, own('mixer.in_proj.weight'), d, 2 * E);
  const x = columns(inProjection.y, 2 * E, 0, E);
  const z = columns(inProjection.y, 2 * E, E, E);
  const scans = directions.map((direction) => {
    const order = Array.from({ length }, (_, i) => (direction === 'forward' ? i : length - 1 - i));
    return {
      order,
      scan: scanDirection(spec, parameters, plan, prefix, direction, x, positions, order, gradients),
    };
  });
  // Reversal is its own inverse.
  const [forward, backward] = scans.map(({ order, scan }) => gatherRows(scan.y, order, E));
  const ssm = add(forward, backward);
  const gated = ssm.map((value, i) => share * value * silu(z[i]));
  const outProjection = linear(gated, own('mixer.out_proj.weight'), E, d);

  return {
    hidden: outProjection.y,
    signals: {
      gated: () => gated,
      'gated-backward': () => backward.map((value, i) => value * silu(z[i])),
      ssm: () => ssm,
      y: () => [forward, backward],
    },
    pullback(dHidden) {
      const out = outProjection.pullback(dHidden);
      collect('mixer.out_proj.weight', out.weight);
      const dSsm = out.x.map((slope, i) => share * slope * silu(z[i]));
      const dZ = out.x.map((slope, i) => share * slope * ssm[i] * siluSlope(z[i]));
      const dX = scans
        .map(({ order, scan }) => gatherRows(scan.pullback(gatherRows(dSsm, order, E)), order, E))
        .reduce(add);
      const into = inProjection.pullback(sideBySide(length, [dX, dZ]));
      collect('mixer.in_proj.weight', into.weight);
      const dNorm = norm.pullback(into.x);
      collect('norm.weight', dNorm.weight);
      return dNorm.x;
    },
  };
}

/** One direction, from x [L, E] in the tokens' own places to y [L, E] in scan order. */
function scanDirection(
  spec: BidirectionalSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  prefix: string,
  direction: Direction,
  x: Float64Array,
  positions: Int32Array,
  order: readonly number[],
  gradients: Gradients64,
): { readonly y: Float64Array; pullback(dy: Float64Array): Float64Array } {
  const { innerWidth: E, stateSize: N, dtRank: r, convKernel: taps } = spec;
  const length = positions.length;
  const names = directionParameterNames[direction];
  const own = (name: string) => parameters.get(`${prefix}.mixer.${name}`)!;
  const collect = (name: string, gradient: Float64Array) =>
    gradients.collect(`${prefix}.mixer.${name}`, gradient);
  const ordered = Int32Array.from(order, (token) => positions[token]);

  const conv: ConvArrays = {
    length,
    channels: E,
    taps,
    x: gatherRows(x, order, E),
    weight: own(`${names.conv}.weight`),
    bias: own(`${names.conv}.bias`),
    ...(plan.conv === 'positional' && { positions: ordered }),
  };
  const u = convForward(conv);
  const xProjection = linear(u, own(`${names.xProj}.weight`), E, r + 2 * N);
  const part = (first: number, count: number) => columns(xProjection.y, r + 2 * N, first, count);
  const dtProjection = linear(part(0, r), own(`${names.dtProj}.weight`), r, E);
  const scan: ScanArrays = {
    length,
    channels: E,
    states: N,
    delta: dtProjection.y,
    deltaBias: own(`${names.dtProj}.bias`),
    a: own(names.aLog).map((value) => -Math.exp(value)),
    d: own(names.d),
    b: part(r, N),
    c: part(r + N, N),
    u,
    gaps: plan.alignment === 'decay' ? gaps(ordered) : new Int32Array(length),
  };
  return {
    y: scanForward(scan),
    pullback(dy) {
      const through = scanPullback(scan, dy);
      collect(`${names.dtProj}.bias`, through.deltaBias);
      collect(
        names.aLog,
        through.a.map((slope, i) => slope * scan.a[i]),
      );
      collect(names.d, through.d);
      const dt = dtProjection.pullback(through.delta);
      collect(`${names.dtProj}.weight`, dt.weight);
      const projected = xProjection.pullback(sideBySide(length, [dt.x, through.b, through.c]));
      collect(`${names.xProj}.weight`, projected.weight);
      const convolved = convPullback(conv, add(through.u, projected.x));
      collect(`${names.conv}.weight`, convolved.weight);
      collect(`${names.conv}.bias`, convolved.bias);
      return convolved.x;
    },
  };
}
