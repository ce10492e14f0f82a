/**
 * Vim with token pruning, in float64: the whole method, and the oracle of every backend; the families that are made of
 * Vim's blocks share it. One image at a time; the
 * sequence is [L, d], block order is add → RMSNorm → mixer, and a block returns two streams, the mixer's output
 * (`hidden`) and the residual that does not contain it yet. How tokens are scored and chosen stands in core's reference/pruning.ts.
 */
import {
  contributionsOf,
  type Direction,
  gaps,
  indicesAmong,
  type PruningPlan,
  type ScanSteps,
  type SignalSource,
  type Weights,
} from '@vssm/core';
import {
  add,
  type Choice,
  type ContributionReader,
  causalConvSilu,
  classContributions,
  columns,
  gatherRows,
  type KeptTokens,
  keptRows,
  linear,
  livePositions,
  type Observer,
  type Parameters,
  parametersOf,
  patchEmbed,
  type ReferencePrediction,
  reduceTokens,
  reverseRows,
  rmsNorm,
  selectiveScan,
  silu,
  softplus,
} from '@vssm/core/reference';
import type { Family } from '../family.ts';
import { directionParameterNames, patchGrid } from './spec.ts';
import {
  type BidirectionalSpec,
  type BidirectionalTraits,
  fullLength,
  readWidth,
  sequenceOrder,
} from './traits.ts';

/** The sequence between two blocks. */
interface Sequence extends KeptTokens {
  readonly hidden: Float64Array;
  readonly residual: Float64Array;
  /** Indices of the tokens that never leave. */
  readonly protectedTokens: Int32Array;
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
  <Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>): Family<Spec>['reference'] =>
  (spec, weights, plan, image, sample, observe, read) =>
    forward(traits, spec, weights, plan, image, sample, observe, read);

function forward<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  weights: Weights,
  plan: PruningPlan,
  image: ArrayLike<number>,
  sample: number,
  observe: Observer,
  read: ContributionReader | undefined,
): ReferencePrediction {
  const parameter = parametersOf(weights);
  const pass = { spec, share: traits.share, plan, parameter, observe };
  const tokens = embed(traits, spec, parameter, image);
  const full = fullLength(traits, spec);
  const kept = new Map<number, Int32Array>();

  let sequence: Sequence = {
    hidden: new Float64Array(tokens.length),
    residual: tokens,
    positions: Int32Array.from({ length: full }, (_, position) => position),
    protectedTokens: Int32Array.from(traits.protectedTokens(spec)),
  };
  for (let block = 0; block < spec.depth; block++) {
    const residual = add(sequence.residual, sequence.hidden);
    const { hidden, signals } = vimBlock(pass, block, residual, sequence.positions);
    observe(`block${block}.residual`, residual);
    observe(`block${block}.hidden`, hidden);
    sequence = { ...sequence, hidden, residual };
    const { protectedTokens, positions } = sequence;
    const here = { spec, sample, fullLength: full, protectedTokens };
    read?.(block + 1, positions, classContributions(here, block + 1, signals, sequence));

    const step = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (step >= 0) {
      const choice = reduceTokens(
        plan,
        { ...here, step },
        signals,
        sequence,
        traits.countRule(spec, plan),
        (scores) => observe(`step${block + 1}.score`, Float64Array.from(scores)),
      );
      sequence = prune(spec, sequence, choice);
      if (sequence.sizes !== undefined) observe(`step${block + 1}.sizes`, Float64Array.from(sequence.sizes));
      kept.set(block + 1, livePositions(sequence));
    }
  }
  return { logits: classify(traits, spec, parameter, sequence), kept };
}

/** The last norm, the neck where there is one, and the classifier, all on the protected tokens. */
function classify<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  parameter: Parameters,
  { residual, hidden, protectedTokens }: Sequence,
): Float64Array {
  const { width: d, classes } = spec;
  const count = protectedTokens.length;
  const narrow = readWidth(traits, spec);
  const own = gatherRows(add(residual, hidden), protectedTokens, d);
  let feature = rmsNorm(own, parameter('norm_f.weight'), count, d);
  if (traits.reduction(spec) > 1) {
    const narrowed = linear(feature, parameter('neck.weight'), count, d, narrow);
    feature = rmsNorm(narrowed, parameter('norm_neck.weight'), 1, count * narrow);
  }
  return linear(feature, parameter('head.weight'), 1, count * narrow, classes, parameter('head.bias'));
}

/** Patches, the protected tokens at their places among them, and the position embedding over all of them: [L0, d]. */
function embed<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  parameter: Parameters,
  image: ArrayLike<number>,
): Float64Array {
  const apart = traits.positionEmbedding === 'apart';
  const projected = vimPatches(spec, parameter, image);
  const patches = apart ? add(projected, parameter('pos_embed')) : projected;
  const own = apart ? add(parameter('cls_token'), parameter('pos_embed_cls')) : parameter('cls_token');
  const numbered = new Float64Array(own.length + patches.length);
  numbered.set(own);
  numbered.set(patches, own.length);
  const tokens = gatherRows(numbered, sequenceOrder(traits, spec), spec.width);
  return apart ? tokens : add(tokens, parameter('pos_embed'));
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
  const z = () => columns(xz, length, 2 * E, E, E);
  const scans = () => [scanSteps(forward, 'forward'), scanSteps(backward, 'backward')];
  const ofBoth = (name: 'y' | 'delta' | 'B' | 'C' | 'u') => () => [forward[name], backward[name]];
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
      z,
      scans,
      contributions: (context) => contributionsOf(scans(), z(), context),
      hidden: () => hidden,
      residual: () => residual,
    },
  };
}

/** One direction's scan, and what it was made from: y, Δ and u [L, E], B and C [L, N]; and of each step its gap, [L]. */
interface Scanned {
  readonly y: Float64Array;
  readonly delta: Float64Array;
  readonly B: Float64Array;
  readonly C: Float64Array;
  readonly u: Float64Array;
  readonly A: Float64Array;
  readonly deltaOfNothing: Float64Array;
  readonly gaps: Int32Array;
}

/** @param scanned rows in the tokens' places */
function scanSteps(scanned: Scanned, direction: Direction): ScanSteps {
  const tokens = scanned.gaps.map((_, step) => step);
  if (direction === 'backward') tokens.reverse();
  return { ...scanned, tokens, rows: tokens };
}

/** A backward scan's rows put back into the tokens' places. */
function inTokenOrder(
  { innerWidth: E, stateSize: N }: BidirectionalSpec,
  length: number,
  scanned: Scanned,
): Scanned {
  const { y, delta, B, C, u } = scanned;
  const [wide, narrow] = [E, N].map((width) => (rows: Float64Array) => reverseRows(rows, length, width));
  return { ...scanned, y: wide(y), delta: wide(delta), B: narrow(B), C: narrow(C), u: wide(u) };
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
  const A = Float64Array.from(own(names.aLog), (value) => -Math.exp(value));
  const deltaOfNothing = Float64Array.from(deltaBias, softplus);
  const stepGaps = plan.alignment === 'decay' ? gaps(positions) : new Int32Array(length);
  const y = selectiveScan(u, delta, b, c, A, own(names.d), deltaOfNothing, stepGaps, length, E, N);
  return { y, delta, B: b, C: c, u, A, deltaOfNothing, gaps: stepGaps };
}

/** Both streams after a step. */
function prune(
  { width }: BidirectionalSpec,
  { hidden, residual, protectedTokens }: Sequence,
  choice: Choice,
): Sequence {
  const { kept, chosen } = choice;
  return {
    ...kept,
    hidden: keptRows(hidden, choice, width, 'output'),
    residual: keptRows(residual, choice, width, 'residual'),
    protectedTokens: kept.live === undefined ? indicesAmong(chosen, protectedTokens) : protectedTokens,
  };
}
