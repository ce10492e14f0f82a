/**
 * Vim with token pruning, in float64: the whole method in one file, and the oracle of every backend. One image
 * at a time; the sequence is [L, d], block order is add → RMSNorm → mixer, and a block returns two streams,
 * the mixer's output (`hidden`) and the residual that does not contain it yet.
 */
import { gaps } from '../pruning/align.ts';
import { countRule, keptCount } from '../pruning/counts.ts';
import { checkPlan, type PruningPlan } from '../pruning/plan.ts';
import { randomScores } from '../pruning/random.ts';
import { orderScores, reduceSignal, similarityTo } from '../pruning/score.ts';
import { selectTokens } from '../pruning/select.ts';
import type { Weights } from '../tensor.ts';
import {
  classTokenPosition,
  type Direction,
  directionParameterNames,
  patchCount,
  patchGrid,
  type VimSpec,
} from '../vim/spec.ts';
import {
  add,
  causalConvSilu,
  columns,
  gatherRows,
  linear,
  patchEmbed,
  reverseRows,
  rmsNorm,
  selectiveScan,
  silu,
  softplus,
} from './layers.ts';
import { type Observer, type Parameters, parametersOf, type ReferencePrediction } from './prediction.ts';

/** The sequence between two blocks. */
interface Sequence {
  readonly hidden: Float64Array;
  readonly residual: Float64Array;
  /** [L]: each token's index in the unpruned sequence. */
  readonly positions: Int32Array;
  /** Index of the class token. */
  readonly classToken: number;
  /** Under `mask`: which tokens still live; undefined where pruned tokens are gone. */
  readonly live?: Uint8Array;
}

interface MixerOutput {
  /** [L, d] */
  readonly hidden: Float64Array;
  /** [L, E] each, tokens in their own places: what the scores are made from. */
  readonly signals: {
    readonly gated: Float64Array;
    readonly 'gated-backward': Float64Array;
    readonly ssm: Float64Array;
  };
}

/**
 * @param image normalised pixels [C, H, W]
 * @param sample stable index of the image in its data set; only the `random` signal depends on it
 */
export function vimReference(
  spec: VimSpec,
  weights: Weights,
  plan: PruningPlan,
  image: ArrayLike<number>,
  sample = 0,
  observe: Observer = () => {},
): ReferencePrediction {
  checkPlan(spec, plan);
  const parameter = parametersOf(weights);
  const d = spec.width;
  const tokens = embed(spec, parameter, image);
  const kept = new Map<number, Int32Array>();

  let sequence: Sequence = {
    hidden: new Float64Array(tokens.length),
    residual: tokens,
    positions: Int32Array.from({ length: patchCount(spec) + 1 }, (_, position) => position),
    classToken: classTokenPosition(spec),
  };
  for (let block = 0; block < spec.depth; block++) {
    const residual = add(sequence.residual, sequence.hidden);
    const normed = rmsNorm(residual, parameter(`layers.${block}.norm.weight`), residual.length / d, d);
    const { hidden, signals } = mixer(spec, parameter, plan, block, normed, sequence.positions, observe);
    observe(`block${block}.residual`, residual);
    observe(`block${block}.hidden`, hidden);
    sequence = { ...sequence, hidden, residual };

    const step = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (step >= 0) {
      const scores = importance(spec, plan, signals, sequence, step, sample);
      observe(`step${block + 1}.score`, scores);
      sequence = prune(spec, plan, sequence, scores, plan.schedule[step].keep);
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

/** Patches, the class token in their middle, and the position embedding over all of them: [L0, d]. */
function embed(spec: VimSpec, parameter: Parameters, image: ArrayLike<number>): Float64Array {
  const { height: rows, width: gridColumns } = patchGrid(spec);
  const patches = patchEmbed(
    image,
    parameter('patch_embed.proj.weight'),
    parameter('patch_embed.proj.bias'),
    {
      channels: spec.inChannels,
      imageHeight: spec.imageHeight,
      imageWidth: spec.imageWidth,
      patch: spec.patchSize,
      stride: spec.stride,
      rows,
      columns: gridColumns,
      width: spec.width,
    },
  );
  const middle = classTokenPosition(spec) * spec.width;
  const tokens = new Float64Array(patches.length + spec.width);
  tokens.set(patches.subarray(0, middle));
  tokens.set(parameter('cls_token'), middle);
  tokens.set(patches.subarray(middle), middle + spec.width);
  return add(tokens, parameter('pos_embed'));
}

/** Both directions over the same projections, each with its own convolution and scan; mean; output projection. */
function mixer(
  spec: VimSpec,
  parameter: Parameters,
  plan: PruningPlan,
  block: number,
  normed: Float64Array,
  positions: Int32Array,
  observe: Observer,
): MixerOutput {
  const { width: d, innerWidth: E } = spec;
  const length = positions.length;
  const prefix = `layers.${block}.mixer`;
  const xz = linear(normed, parameter(`${prefix}.in_proj.weight`), length, d, 2 * E);
  const x = columns(xz, length, 2 * E, 0, E);
  const z = columns(xz, length, 2 * E, E, E);

  const gate = z.map(silu);
  const forward = scanDirection(spec, parameter, plan, prefix, 'forward', x, positions);
  const backward = reverseRows(
    scanDirection(
      spec,
      parameter,
      plan,
      prefix,
      'backward',
      reverseRows(x, length, E),
      positions.slice().reverse(),
    ),
    length,
    E,
  );
  observe(`block${block}.fwd.y`, forward);
  observe(`block${block}.bwd.y`, backward);
  const ssm = add(forward, backward);
  const gated = ssm.map((y, i) => (y * gate[i]) / 2);
  const hidden = linear(gated, parameter(`${prefix}.out_proj.weight`), length, E, d);
  return { hidden, signals: { gated, 'gated-backward': backward.map((y, i) => y * gate[i]), ssm } };
}

/** One direction: x [L, E] and positions [L], both in scan order → y [L, E] in scan order, not gated. */
function scanDirection(
  spec: VimSpec,
  parameter: Parameters,
  plan: PruningPlan,
  prefix: string,
  direction: Direction,
  x: Float64Array,
  positions: Int32Array,
): Float64Array {
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
  return selectiveScan(
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
}

/** Scores of the current sequence, [L]; higher stays. */
function importance(
  spec: VimSpec,
  plan: PruningPlan,
  signals: MixerOutput['signals'],
  { positions, classToken }: Sequence,
  step: number,
  sample: number,
): Float64Array {
  const length = positions.length;
  switch (plan.signal) {
    case 'random': {
      const scores = randomScores(plan.seed, sample, step, patchCount(spec) + 1);
      return Float64Array.from(positions, (position) => scores[position]);
    }
    case 'evit':
      return similarityTo(
        signals.gated.subarray(classToken * spec.innerWidth, (classToken + 1) * spec.innerWidth),
        signals.gated,
      );
    case 'gated':
    case 'gated-backward':
    case 'ssm':
      return orderScores(
        reduceSignal(signals[plan.signal], length, spec.innerWidth, plan.reduce),
        plan.order,
      );
    default:
      throw plan.signal satisfies never;
  }
}

/** Drops (or, under `mask`, zeroes) all but the best tokens of both streams. */
function prune(
  spec: VimSpec,
  plan: PruningPlan,
  sequence: Sequence,
  scores: Float64Array,
  keep: number,
): Sequence {
  const { width } = spec;
  const { hidden, residual, positions, classToken, live } = sequence;
  const length = live === undefined ? positions.length : live.reduce((sum, alive) => sum + alive, 0);
  const count = keptCount(length, keep, countRule(spec, plan));
  const chosen = selectTokens(
    scores,
    positions,
    classToken,
    count,
    plan.tokenOrder,
    live === undefined ? undefined : (token) => live[token] === 1,
  );
  if (plan.alignment === 'mask') {
    const mask = new Uint8Array(positions.length);
    for (const token of chosen) mask[token] = 1;
    const zeroed = (stream: Float64Array) => stream.map((value, i) => value * mask[Math.floor(i / width)]);
    return { ...sequence, hidden: zeroed(hidden), residual: zeroed(residual), live: mask };
  }
  return {
    hidden: gatherRows(hidden, chosen, width),
    residual: gatherRows(residual, chosen, width),
    positions: Int32Array.from(chosen, (token) => positions[token]),
    classToken: chosen.indexOf(classToken),
  };
}

function livePositions({ positions, live }: Sequence): Int32Array {
  return live === undefined ? positions : positions.filter((_, token) => live[token] === 1);
}
