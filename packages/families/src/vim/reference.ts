/**
 * Vim with token pruning, in float64: the whole method, and the oracle of every backend; the families that are made of
 * Vim's blocks share it. One image at a time; the
 * sequence is [L, d], block order is add → RMSNorm → mixer, and a block returns two streams, the mixer's output
 * (`hidden`) and the residual that does not contain it yet. How tokens are scored and chosen stands in pruning.ts.
 */
import { type Direction, gaps, type PruningPlan, type SignalSource, type Weights } from '@vssm/core';
import {
  add,
  causalConvSilu,
  chooseTokens,
  columns,
  importance,
  type KeptTokens,
  keptRows,
  linear,
  livePositions,
  type Observer,
  type Parameters,
  parametersOf,
  patchEmbed,
  type ReferencePrediction,
  reverseRows,
  rmsNorm,
  selectiveScan,
  silu,
  softplus,
} from '@vssm/core/reference';
import type { Family } from '../family.ts';
import { directionParameterNames, patchCount, patchGrid } from './spec.ts';
import type { BidirectionalSpec, BidirectionalTraits } from './traits.ts';

/** The sequence between two blocks. */
interface Sequence extends KeptTokens {
  readonly hidden: Float64Array;
  readonly residual: Float64Array;
  /** Index of the class token. */
  readonly classToken: number;
}

/** What every block of one forward pass shares. */
export interface VimPass {
  readonly spec: BidirectionalSpec;
  /** Of each direction in the sum of both. */
  readonly share: number;
  readonly plan: Pick<PruningPlan, 'alignment' | 'conv'>;
  readonly parameter: Parameters;
  readonly observe: Observer;
}

export interface VimBlockOutput {
  /** [L, d] */
  readonly hidden: Float64Array;
  readonly signals: SignalSource;
}

export const bidirectionalReference =
  (traits: BidirectionalTraits): Family<BidirectionalSpec>['reference'] =>
  (spec, weights, plan, image, sample, observe) =>
    forward(traits, spec, weights, plan, image, sample, observe);

function forward(
  traits: BidirectionalTraits,
  spec: BidirectionalSpec,
  weights: Weights,
  plan: PruningPlan,
  image: ArrayLike<number>,
  sample: number,
  observe: Observer,
): ReferencePrediction {
  const parameter = parametersOf(weights);
  const pass = { spec, share: traits.share, plan, parameter, observe };
  const d = spec.width;
  const place = traits.classToken(patchCount(spec));
  const tokens = embed(spec, parameter, image, place);
  const kept = new Map<number, Int32Array>();

  let sequence: Sequence = {
    hidden: new Float64Array(tokens.length),
    residual: tokens,
    positions: Int32Array.from({ length: patchCount(spec) + 1 }, (_, position) => position),
    classToken: place,
  };
  for (let block = 0; block < spec.depth; block++) {
    const residual = add(sequence.residual, sequence.hidden);
    const { hidden, signals } = vimBlock(pass, block, residual, sequence.positions);
    observe(`block${block}.residual`, residual);
    observe(`block${block}.hidden`, hidden);
    sequence = { ...sequence, hidden, residual };

    const step = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (step >= 0) {
      const { classToken } = sequence;
      const place = { spec, step, sample, fullLength: patchCount(spec) + 1, classToken };
      const scores = importance(plan, place, signals, sequence);
      observe(`step${block + 1}.score`, Float64Array.from(scores));
      sequence = prune(traits, spec, plan, sequence, scores, step);
      kept.set(block + 1, livePositions(sequence));
    }
  }
  const last = add(sequence.residual, sequence.hidden);
  const feature = rmsNorm(
    last.subarray(sequence.classToken * d, (sequence.classToken + 1) * d),
    parameter('norm_f.weight'),
    1,
    d,
  );
  const logits = linear(feature, parameter('head.weight'), 1, d, spec.classes, parameter('head.bias'));
  return { logits, kept };
}

/** Patches, the class token at its place among them, and the position embedding over all of them: [L0, d]. */
function embed(
  spec: BidirectionalSpec,
  parameter: Parameters,
  image: ArrayLike<number>,
  place: number,
): Float64Array {
  const patches = vimPatches(spec, parameter, image);
  const middle = place * spec.width;
  const tokens = new Float64Array(patches.length + spec.width);
  tokens.set(patches.subarray(0, middle));
  tokens.set(parameter('cls_token'), middle);
  tokens.set(patches.subarray(middle), middle + spec.width);
  return add(tokens, parameter('pos_embed'));
}

/** The patch projection: image [C, H, W] → [M, d], row after row. */
export function vimPatches(
  spec: BidirectionalSpec,
  parameter: Parameters,
  image: ArrayLike<number>,
): Float64Array {
  const { height: rows, width: gridColumns } = patchGrid(spec);
  return patchEmbed(image, parameter('patch_embed.proj.weight'), parameter('patch_embed.proj.bias'), {
    channels: spec.inChannels,
    imageHeight: spec.imageHeight,
    imageWidth: spec.imageWidth,
    patch: spec.patchSize,
    stride: spec.stride,
    rows,
    columns: gridColumns,
    width: spec.width,
  });
}

/**
 * RMSNorm, then both directions over the same projections, each with its own convolution and scan; their mean
 * (or sum); the output projection.
 *
 * @param residual [L, d], the sum that enters the norm
 * @param positions [L]: each token's index in the unpruned sequence
 */
export function vimBlock(
  pass: VimPass,
  block: number,
  residual: Float64Array,
  positions: Int32Array,
): VimBlockOutput {
  const { parameter, observe } = pass;
  const { width: d, innerWidth: E } = pass.spec;
  const length = positions.length;
  const prefix = `layers.${block}.mixer`;
  const normed = rmsNorm(residual, parameter(`layers.${block}.norm.weight`), length, d);
  const xz = linear(normed, parameter(`${prefix}.in_proj.weight`), length, d, 2 * E);
  const x = columns(xz, length, 2 * E, 0, E);
  const gate = columns(xz, length, 2 * E, E, E).map(silu);

  const forward = scanDirection(pass, prefix, 'forward', x, positions);
  const reversed = reverseRows(x, length, E);
  const backward = inTokenOrder(
    pass.spec,
    length,
    scanDirection(pass, prefix, 'backward', reversed, positions.slice().reverse()),
  );
  observe(`block${block}.fwd.y`, forward.y);
  observe(`block${block}.bwd.y`, backward.y);
  const ssm = add(forward.y, backward.y);
  const gated = ssm.map((y, i) => y * gate[i] * pass.share);
  const hidden = linear(gated, parameter(`${prefix}.out_proj.weight`), length, E, d);
  const ofBoth = (name: keyof Scanned) => () => [forward[name], backward[name]];
  return {
    hidden,
    signals: {
      gated: () => gated,
      'gated-backward': () => backward.y.map((y, i) => y * gate[i]),
      ssm: () => ssm,
      y: ofBoth('y'),
      delta: ofBoth('delta'),
      B: ofBoth('B'),
      C: ofBoth('C'),
      u: ofBoth('u'),
      hidden: () => hidden,
      residual: () => residual,
    },
  };
}

/** One direction's scan, and what it was made from: y, Δ and u [L, E], B and C [L, N]. */
interface Scanned {
  readonly y: Float64Array;
  readonly delta: Float64Array;
  readonly B: Float64Array;
  readonly C: Float64Array;
  readonly u: Float64Array;
}

/** A backward scan's rows put back into the tokens' places. */
function inTokenOrder(
  { innerWidth: E, stateSize: N }: BidirectionalSpec,
  length: number,
  scanned: Scanned,
): Scanned {
  const { y, delta, B, C, u } = scanned;
  const [wide, narrow] = [E, N].map((width) => (rows: Float64Array) => reverseRows(rows, length, width));
  return { y: wide(y), delta: wide(delta), B: narrow(B), C: narrow(C), u: wide(u) };
}

/** One direction: x [L, E] and positions [L], both in scan order → all in scan order, y not gated. */
function scanDirection(
  { spec, plan, parameter }: VimPass,
  prefix: string,
  direction: Direction,
  x: Float64Array,
  positions: Int32Array,
): Scanned {
  const { innerWidth: E, stateSize: N, dtRank: r } = spec;
  const length = positions.length;
  const names = directionParameterNames[direction];
  const own = (name: string) => parameter(`${prefix}.${name}`);

  const u = causalConvSilu(
    x,
    own(`${names.conv}.weight`),
    own(`${names.conv}.bias`),
    length,
    E,
    spec.convKernel,
    plan.conv === 'positional' ? positions : undefined,
  );
  const projected = linear(u, own(`${names.xProj}.weight`), length, E, r + 2 * N);
  const dt = columns(projected, length, r + 2 * N, 0, r);
  const b = columns(projected, length, r + 2 * N, r, N);
  const c = columns(projected, length, r + 2 * N, r + N, N);
  const deltaBias = own(`${names.dtProj}.bias`);
  const delta = linear(dt, own(`${names.dtProj}.weight`), length, r, E, deltaBias).map(softplus);
  const y = selectiveScan(
    u,
    delta,
    b,
    c,
    Float64Array.from(own(names.aLog), (value) => -Math.exp(value)),
    own(names.d),
    Float64Array.from(deltaBias, softplus),
    plan.alignment === 'decay' ? gaps(positions) : new Int32Array(length),
    length,
    E,
    N,
  );
  return { y, delta, B: b, C: c, u };
}

/** Drops (or, under `mask`, zeroes) all but the best tokens of both streams. */
function prune(
  { countRule }: BidirectionalTraits,
  spec: BidirectionalSpec,
  plan: PruningPlan,
  sequence: Sequence,
  scores: ArrayLike<number>,
  step: number,
): Sequence {
  const { hidden, residual, classToken } = sequence;
  const choice = chooseTokens(plan, step, scores, sequence, countRule(plan), classToken);
  return {
    ...choice.kept,
    hidden: keptRows(hidden, choice, spec.width),
    residual: keptRows(residual, choice, spec.width),
    classToken: choice.kept.live === undefined ? choice.chosen.indexOf(classToken) : classToken,
  };
}
