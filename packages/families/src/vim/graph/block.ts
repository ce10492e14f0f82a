/**
 * How one Vim block becomes a graph: add → RMSNorm → in_proj → (convolution, projections, scan) in both
 * directions → gate → out_proj. Tokens stay in sequence order throughout; the backward direction is a window
 * that looks ahead and a scan that runs from the last token to the first.
 */
import type { Direction } from '@vssm/core';
import { softplus } from '@vssm/core/reference';
import {
  contributions,
  type EmitContext,
  mixerProduct,
  rmsNorm,
  selectiveScan,
  silu,
  swapLastAxes,
  type Value,
} from '@vssm/graph';
import type { GraphSignals } from '../../graph/importance.ts';
import { directionParameterNames } from '../spec.ts';
import type { BidirectionalSpec } from '../traits.ts';
import type { TokenPlaces } from './places.ts';

/** The two streams between blocks, [B, L, d] each. */
export interface Streams {
  /** The last mixer's output; undefined before the first block. */
  readonly hidden: Value | undefined;
  /** The sum of everything before it. */
  readonly residual: Value;
}

export interface BlockOutput extends Streams {
  readonly hidden: Value;
  /** What scores and pairs are made from, tokens in their own places. */
  readonly signals: GraphSignals;
}

/** @param share of each direction in the sum of both */
export function vimBlock(
  context: EmitContext<BidirectionalSpec>,
  block: number,
  streams: Streams,
  places: TokenPlaces,
  share: number,
): BlockOutput {
  const { g, spec, parameters } = context;
  const E = spec.innerWidth;
  const prefix = `layers.${block}.mixer`;

  const residual =
    streams.hidden === undefined ? streams.residual : g.op('Add', [streams.residual, streams.hidden]);
  const normed = rmsNorm(g, residual, parameters.plain(`layers.${block}.norm.weight`));
  const xz = mixerProduct(g, parameters, normed, `${prefix}.in_proj.weight`);
  const [x, z] = g.ops('Split', [xz, g.ints([E, E])], 2, { attributes: { axis: 2 } });
  const gate = silu(g, z);

  const channelsFirst = swapLastAxes(g, places.spread(x));
  const forward = scanDirection(context, prefix, 'forward', channelsFirst, places);
  const backward = scanDirection(context, prefix, 'backward', channelsFirst, places);

  const ssm = g.op('Add', [forward.y, backward.y]);
  const gated = g.op('Mul', [ssm, gate]);
  // The mean of the two directions is folded into the projection: a factor of 1/2 is exact (of half precision's least numbers, nearly).
  const hidden = mixerProduct(g, parameters, gated, `${prefix}.out_proj.weight`, share);
  const ofBoth = (name: 'delta' | 'b' | 'c') => [forward[name], backward[name]];
  const signals = {
    ...{ gated, ssm, hidden, residual, delta: ofBoth('delta'), B: ofBoth('b'), C: ofBoth('c') },
    get 'gated-backward'() {
      return g.op('Mul', [backward.y, gate]);
    },
    contributions(readers: Value) {
      const weights = g.op('Mul', [gate, g.op('Unsqueeze', [readers, g.ints([2])])]);
      return g.op('Add', [forward.contributions(weights), backward.contributions(weights)]);
    },
  };
  return { hidden, residual, signals };
}

interface Scanned {
  /** Not gated, [B, L, E]. */
  readonly y: Value;
  /** Δ after softplus, [B, L, E]; B and C, [B, L, N]. */
  readonly delta: Value;
  readonly b: Value;
  readonly c: Value;
  contributions(weights: Value): Value;
}

/** One direction from x on the convolution's grid, [B, E, L or L0]. */
function scanDirection(
  { g, spec, plan, parameters, scan }: EmitContext<BidirectionalSpec>,
  prefix: string,
  direction: Direction,
  x: Value,
  places: TokenPlaces,
): Scanned {
  const { innerWidth: E, stateSize: N, dtRank: r, convKernel: taps } = spec;
  const names = directionParameterNames[direction];
  const backward = direction === 'backward';
  const own = (name: string) => `${prefix}.${name}`;

  const convolved = g.op(
    'Conv',
    [x, parameters.taps(own(`${names.conv}.weight`), backward), parameters.plain(own(`${names.conv}.bias`))],
    { attributes: { group: E, kernel_shape: [taps], pads: backward ? [0, taps - 1] : [taps - 1, 0] } },
  );
  const u = places.collect(swapLastAxes(g, silu(g, convolved)));

  const projected = g.op('MatMul', [u, parameters.linear(own(`${names.xProj}.weight`))]);
  const [dt, b, c] = g.ops('Split', [projected, g.ints([r, N, N])], 3, { attributes: { axis: 2 } });
  const deltaBias = parameters.plain(own(`${names.dtProj}.bias`));
  const delta = g.op('Softplus', [
    g.op('Add', [g.op('MatMul', [dt, parameters.linear(own(`${names.dtProj}.weight`))]), deltaBias]),
  ]);

  const gap = plan.alignment === 'decay' ? places.gaps(direction) : undefined;
  const deltaOfNothing = () => parameters.map(own(`${names.dtProj}.bias`), 'softplus', [E], softplus);
  const time = gap === undefined ? delta : g.op('Add', [delta, g.op('Mul', [gap, deltaOfNothing()])]);
  const a = parameters.map(own(names.aLog), 'negative_exp', [E, N], (value) => -Math.exp(value));
  const input = g.op('Mul', [delta, u]);
  const inputs = { time, input, b, c, a };
  const shape = { channels: E, stateSize: N };
  const read = selectiveScan(g, scan, inputs, shape, backward);
  return {
    y: g.op('Add', [read, g.op('Mul', [u, parameters.plain(own(names.d))])]),
    ...{ delta, b, c },
    contributions: (weights) => contributions(g, scan, inputs, weights, shape, backward),
  };
}
