/**
 * How one PlainMamba layer becomes a graph: LayerNorm → in_proj → 7x7 convolution on the grid → projections →
 * four scans → sum → gate → out_proj → add; in some layers a 3x3 convolution, BatchNorm and GELU after that.
 *
 * Tokens stay in position order. A scan takes its inputs u along its snake, but Δ, B and C as they stand: step m
 * of every direction uses those of the m-th token in position order. B gets the vector of the move into the cell
 * that the step visits.
 */
import { scanDirections } from '@vssm/core';
import { softplus } from '@vssm/core/reference';
import {
  contributions,
  type EmitContext,
  foldedConv,
  layerNorm,
  mixerProduct,
  type ScanInputs,
  selectiveScan,
  silu,
  swapLastAxes,
  type Value,
} from '@vssm/graph';
import type { GraphSignals } from '../../graph/importance.ts';
import type { PlainMambaSpec } from '../spec.ts';
import type { GridPlaces, Snake } from './places.ts';

type Context = EmitContext<PlainMambaSpec>;

export interface LayerOutput {
  /** [B, K, d] */
  readonly tokens: Value;
  /** What scores and pairs are made from. */
  readonly signals: GraphSignals;
}

/** @param tokens [B, K, d] */
export function plainMambaLayer(
  context: Context,
  layer: number,
  tokens: Value,
  places: GridPlaces,
): LayerOutput {
  const { g, spec, parameters } = context;
  const { innerWidth: E, convKernel } = spec;
  const prefix = `backbone.layers.${layer}`;
  const mixer = `${prefix}.mamba`;

  const normed = layerNorm(g, parameters, tokens, `${prefix}.norm`, 1e-5);
  const xz = projection(context, normed, `${mixer}.in_proj`);
  const [x, z] = g.ops('Split', [xz, g.ints([E, E])], 2, { attributes: { axis: 2 } });
  const conv = [parameters.plain(`${mixer}.conv2d.weight`), parameters.plain(`${mixer}.conv2d.bias`)];
  const u = silu(g, depthwiseOnGrid(context, x, conv, E, convKernel, places));

  const { ssm, ...scanned } = scans(context, mixer, u, places);
  const gate = silu(g, z);
  const gated = g.op('Mul', [ssm, gate]);
  const hidden = projection(context, gated, `${mixer}.out_proj`);
  const sum = g.op('Add', [tokens, hidden]);
  const signals: GraphSignals = {
    ...{ gated, ssm, hidden, residual: tokens },
    ...{ delta: [scanned.delta], B: [scanned.b], C: [scanned.c] },
    contributions: (readers) =>
      scanned.contributions(g.op('Mul', [gate, g.op('Unsqueeze', [readers, g.ints([2])])])),
  };
  if (!spec.depthwiseLayers.includes(layer)) return { tokens: sum, signals };
  const { weight, bias } = foldedConv(parameters, `${prefix}.dw.0`, `${prefix}.dw.1`);
  const convolved = depthwiseOnGrid(context, sum, [weight, bias], spec.width, 3, places);
  return { tokens: g.op('Gelu', [convolved]), signals };
}

/** Into or out of the mixer, with its bias. */
function projection({ g, parameters }: Context, x: Value, name: string): Value {
  return g.op('Add', [mixerProduct(g, parameters, x, `${name}.weight`), parameters.plain(`${name}.bias`)]);
}

/** A depthwise k x k convolution on the grid, whose empty cells are zero: [B, K, C] → [B, K, C]. */
function depthwiseOnGrid(
  { g }: Context,
  x: Value,
  weightAndBias: readonly Value[],
  channels: number,
  kernel: number,
  places: GridPlaces,
): Value {
  const { height, width } = places.grid;
  const planes = (value: Value, shape: readonly number[]) =>
    g.op('Reshape', [value, g.ints([0, channels, ...shape])]);
  const onGrid = planes(swapLastAxes(g, places.spread(x)), [height, width]);
  const reach = (kernel - 1) / 2;
  const convolved = g.op('Conv', [onGrid, ...weightAndBias], {
    attributes: { group: channels, kernel_shape: [kernel, kernel], pads: [reach, reach, reach, reach] },
  });
  return places.collect(swapLastAxes(g, planes(convolved, [height * width])));
}

interface Scanned {
  /** The sum of the four y, each token's in its own place, [B, K, E]. */
  readonly ssm: Value;
  /** What all four share: Δ after softplus, [B, K, E]; B and C, [B, K, N]. */
  readonly delta: Value;
  readonly b: Value;
  readonly c: Value;
  contributions(weights: Value): Value;
}

/** @param u [B, K, E] */
function scans(context: Context, mixer: string, u: Value, places: GridPlaces): Scanned {
  const { g, spec, plan, parameters, scan } = context;
  const { innerWidth: E, stateSize: N, dtRank: r } = spec;

  const projected = g.op('MatMul', [u, parameters.linear(`${mixer}.x_proj.weight`)]);
  const [dt, b, c] = g.ops('Split', [projected, g.ints([r, N, N])], 3, { attributes: { axis: 2 } });
  // dt_proj's bias is part of the projection, and the scan adds it once more.
  const biasTwice = parameters.map(`${mixer}.dt_proj.bias`, 'twice', [E], (bias) => 2 * bias);
  const lowRank = g.op('MatMul', [dt, parameters.linear(`${mixer}.dt_proj.weight`)]);
  const delta = g.op('Softplus', [g.op('Add', [lowRank, biasTwice])]);
  const deltaOfNothing = () =>
    parameters.map(`${mixer}.dt_proj.bias`, 'softplus', [E], (bias) => softplus(2 * bias));
  const a = parameters.map(`${mixer}.A_log`, 'negative_exp', [E, N], (value) => -Math.exp(value));

  const inputsOf = ({ along, moves, gaps }: Snake): ScanInputs => {
    const time =
      plan.alignment === 'decay' && gaps !== undefined
        ? g.op('Add', [delta, g.op('Mul', [gaps(), deltaOfNothing()])])
        : delta;
    return {
      time,
      input: g.op('Mul', [delta, along(u)]),
      b: g.op('Add', [b, g.op('Gather', [parameters.plain(`${mixer}.direction_Bs`), moves])]),
      c,
      a,
    };
  };
  const shape = { channels: E, stateSize: N };
  const walks = places.snakes.map((snake) => ({ ...snake, inputs: inputsOf(snake) }));
  const sumOf = (each: (walk: (typeof walks)[number]) => Value): Value => {
    const [first, ...others] = walks.map((walk) => walk.inPlace(each(walk)));
    return others.reduce((sum, value) => g.op('Add', [sum, value]), first);
  };
  const read = sumOf(({ inputs }) => selectiveScan(g, scan, inputs, shape, false));
  // D·u of every direction is, in the token's own place, the same.
  const skip = parameters.map(`${mixer}.D`, 'all_directions', [E], (d) => scanDirections * d);
  return {
    ssm: g.op('Add', [read, g.op('Mul', [u, skip])]),
    ...{ delta, b, c },
    contributions: (weights) =>
      sumOf(({ inputs, along }) => contributions(g, scan, inputs, along(weights), shape, false)),
  };
}
