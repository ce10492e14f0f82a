/**
 * PlainMamba with token pruning, in float64: the whole method in one file, and the oracle of every backend. One
 * image at a time; the stream is [K, d], tokens in position order. A layer is x + mixer(LayerNorm(x)), in some
 * models followed by a depthwise convolution.
 *
 * What makes it unlike Vim: the convolution is 7x7 on the grid; one set of Δ, B, C and A serves four snake orders
 * over the cells; only u is gathered along a snake, while step m of every order uses Δ, B and C of the m-th token
 * in position order; and B gets a vector that names the move into the visited cell.
 */

import { plainMambaPositionEmbedding } from '../plainmamba/position-embedding.ts';
import { keptOrder, type ScanOrder, snakeOrders } from '../plainmamba/scan-order.ts';
import { type PlainMambaSpec, plainMambaGrid, stemConvNames, stemSize } from '../plainmamba/spec.ts';
import { countRule, keptCount } from '../pruning/counts.ts';
import { checkPlan, type PruningPlan } from '../pruning/plan.ts';
import { randomScores } from '../pruning/random.ts';
import { reduceSignal, similarityTo } from '../pruning/score.ts';
import { selectTokens } from '../pruning/select.ts';
import type { Weights } from '../tensor.ts';
import { batchNormAffine, convolve, depthwiseOnGrid, gelu } from './grid-layers.ts';
import { add, columns, gatherRows, layerNorm, linear, selectiveScan, silu, softplus } from './layers.ts';
import { type Observer, type Parameters, parametersOf, type ReferencePrediction } from './prediction.ts';

/** The tokens between two layers. */
interface Stream {
  /** [K, d] */
  readonly tokens: Float64Array;
  /** [K]: raster index of each token's cell, rising. */
  readonly positions: Int32Array;
  /** Under `mask`: which tokens still live; undefined where pruned tokens are gone. */
  readonly live?: Uint8Array;
}

/** [K, E] each: what the scores are made from. */
interface Signals {
  /** The sum of the four y times SiLU(z). */
  readonly gated: Float64Array;
  /** The sum of the four y. */
  readonly ssm: Float64Array;
}

/** What every layer of one forward pass shares. */
interface Context {
  readonly spec: PlainMambaSpec;
  readonly plan: PruningPlan;
  readonly parameter: Parameters;
  readonly orders: readonly ScanOrder[];
  readonly observe: Observer;
}

/** See referenceForward. */
export function plainMambaReference(
  spec: PlainMambaSpec,
  weights: Weights,
  plan: PruningPlan,
  image: ArrayLike<number>,
  sample: number,
  observe: Observer,
): ReferencePrediction {
  checkPlan(spec, plan);
  const grid = plainMambaGrid(spec);
  const parameter = parametersOf(weights);
  const context = { spec, plan, parameter, orders: snakeOrders(grid.height, grid.width), observe };
  const kept = new Map<number, Int32Array>();

  let stream: Stream = {
    tokens: embed(context, image),
    positions: Int32Array.from({ length: grid.height * grid.width }, (_, cell) => cell),
  };
  for (let layer = 0; layer < spec.depth; layer++) {
    const { tokens, signals } = runLayer(context, layer, stream);
    stream = zeroPruned({ ...stream, tokens }, spec.width);
    observe(`layer${layer}.out`, stream.tokens);

    const step = plan.schedule.findIndex(({ after }) => after === layer + 1);
    if (step >= 0) {
      const scores = importance(context, signals, stream, step, sample);
      observe(`step${layer + 1}.score`, scores);
      stream = prune(context, stream, scores, plan.schedule[step].keep);
      kept.set(layer + 1, livePositions(stream));
    }
  }
  return { logits: classify(context, stream), kept };
}

/** Stem, projection and position embedding: image [C, H, W] → tokens [L0, d]. */
function embed({ spec, parameter, observe }: Context, image: ArrayLike<number>): Float64Array {
  const half = stemSize(spec);
  const grid = plainMambaGrid(spec);
  const prefix = 'backbone.patch_embed';
  const stem = { outputs: spec.stemWidth, outputHeight: half.height, outputWidth: half.width };
  const normedRelu = (plane: ReturnType<typeof convolve>, batchNorm: string) => {
    const { scale, offset } = batchNormOf(parameter, batchNorm);
    const area = plane.height * plane.width;
    const values = plane.values.map((value, i) => {
      const channel = Math.floor(i / area);
      return Math.max(0, value * scale[channel] + offset[channel]);
    });
    return { ...plane, values };
  };

  const pixels = {
    channels: spec.inChannels,
    height: spec.imageHeight,
    width: spec.imageWidth,
    values: Float64Array.from(image),
  };
  let plane = normedRelu(
    convolve(pixels, parameter(`${prefix}.stem.0.weight`), { ...stem, kernel: 7, stride: 2, padding: 3 }),
    `${prefix}.stem.1`,
  );
  observe('stem', plane.values);
  for (let conv = 0; conv < spec.stemConvs; conv++) {
    const { weight, batchNorm } = stemConvNames(conv);
    const convolved = convolve(plane, parameter(`${weight}.weight`), {
      ...stem,
      kernel: 3,
      stride: 1,
      padding: 1,
    });
    plane = normedRelu(convolved, batchNorm);
  }
  const projected = convolve(
    plane,
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
  const cells = grid.height * grid.width;
  const tokens = new Float64Array(cells * spec.width);
  for (let i = 0; i < tokens.length; i++) {
    tokens[i] = projected.values[(i % spec.width) * cells + Math.floor(i / spec.width)];
  }
  observe('patches', tokens);
  return add(tokens, plainMambaPositionEmbedding(spec, parameter('backbone.pos_embed')));
}

function runLayer(
  context: Context,
  layer: number,
  { tokens, positions }: Stream,
): { readonly tokens: Float64Array; readonly signals: Signals } {
  const { spec, parameter, observe } = context;
  const d = spec.width;
  const prefix = `backbone.layers.${layer}`;
  const normed = layerNorm(
    tokens,
    parameter(`${prefix}.norm.weight`),
    parameter(`${prefix}.norm.bias`),
    positions.length,
    d,
    1e-5,
  );
  const { output, signals } = mixer(context, layer, normed, positions);
  observe(`layer${layer}.mixer_out`, output);
  const sum = add(tokens, output);
  if (!spec.depthwiseLayers.includes(layer)) return { tokens: sum, signals };
  const convolved = depthwiseOnGrid(
    sum,
    positions,
    plainMambaGrid(spec),
    parameter(`${prefix}.dw.0.weight`),
    d,
    3,
  );
  const { scale, offset } = batchNormOf(parameter, `${prefix}.dw.1`);
  return { tokens: convolved.map((value, i) => gelu(value * scale[i % d] + offset[i % d])), signals };
}

/** Projections, the convolution on the grid, four scans over shared Δ, B, C and A, the gate, output projection. */
function mixer(
  { spec, plan, parameter, orders, observe }: Context,
  layer: number,
  normed: Float64Array,
  positions: Int32Array,
): { readonly output: Float64Array; readonly signals: Signals } {
  const { width: d, innerWidth: E, stateSize: N, dtRank: r } = spec;
  const length = positions.length;
  const own = (name: string) => parameter(`backbone.layers.${layer}.mamba.${name}`);

  const xz = linear(normed, own('in_proj.weight'), length, d, 2 * E, own('in_proj.bias'));
  const x = columns(xz, length, 2 * E, 0, E);
  const gate = columns(xz, length, 2 * E, E, E).map(silu);
  const u = depthwiseOnGrid(
    x,
    positions,
    plainMambaGrid(spec),
    own('conv2d.weight'),
    E,
    spec.convKernel,
    own('conv2d.bias'),
  ).map(silu);
  observe(`layer${layer}.x_conv`, u);

  const projected = linear(u, own('x_proj.weight'), length, E, r + 2 * N);
  const dt = columns(projected, length, r + 2 * N, 0, r);
  const b = columns(projected, length, r + 2 * N, r, N);
  const c = columns(projected, length, r + 2 * N, r + N, N);
  // dt_proj's bias is part of the projection, and the scan adds it once more.
  const doubledBias = Float64Array.from(own('dt_proj.bias'), (bias) => 2 * bias);
  const delta = linear(dt, own('dt_proj.weight'), length, r, E, doubledBias).map(softplus);
  const a = Float64Array.from(own('A_log'), (value) => -Math.exp(value));
  const directionB = own('direction_Bs');

  const ssm = new Float64Array(length * E);
  for (const [direction, full] of orders.entries()) {
    const { order, moves, gaps } = keptOrder(full, positions);
    const y = selectiveScan(
      gatherRows(u, order, E),
      delta,
      b.map((value, i) => value + directionB[moves[Math.floor(i / N)] * N + (i % N)]),
      c,
      a,
      own('D'),
      doubledBias.map(softplus),
      plan.alignment === 'decay' ? gaps : new Int32Array(length),
      length,
      E,
      N,
    );
    observe(`layer${layer}.dir${direction}.y`, y);
    for (let step = 0; step < length; step++) {
      for (let channel = 0; channel < E; channel++) ssm[order[step] * E + channel] += y[step * E + channel];
    }
  }
  const gated = ssm.map((y, i) => y * gate[i]);
  const output = linear(gated, own('out_proj.weight'), length, E, d, own('out_proj.bias'));
  return { output, signals: { gated, ssm } };
}

/** Scores of the current tokens, [K]; higher stays. */
function importance(
  { spec, plan }: Context,
  signals: Signals,
  stream: Stream,
  step: number,
  sample: number,
): Float64Array {
  const { positions } = stream;
  const { innerWidth: E } = spec;
  switch (plan.signal) {
    case 'random': {
      const grid = plainMambaGrid(spec);
      const scores = randomScores(plan.seed, sample, step, grid.height * grid.width);
      return Float64Array.from(positions, (position) => scores[position]);
    }
    case 'evit':
      return similarityTo(meanRow(signals.gated, E, stream), signals.gated);
    case 'gated':
    case 'ssm':
      return reduceSignal(signals[plan.signal], positions.length, E, plan.reduce);
    case 'gated-backward':
      throw new Error('checkPlan lets no gated-backward score through');
    default:
      throw plan.signal satisfies never;
  }
}

/** Drops (or, under `mask`, zeroes) all but the best tokens. */
function prune({ spec, plan }: Context, stream: Stream, scores: Float64Array, keep: number): Stream {
  const { tokens, positions, live } = stream;
  const count = keptCount(livePositions(stream).length, keep, countRule(spec, plan));
  const chosen = selectTokens(
    scores,
    positions,
    null,
    count,
    plan.tokenOrder,
    live === undefined ? undefined : (token) => live[token] === 1,
  );
  if (plan.alignment === 'mask') {
    const mask = new Uint8Array(positions.length);
    for (const token of chosen) mask[token] = 1;
    return zeroPruned({ ...stream, live: mask }, spec.width);
  }
  return {
    tokens: gatherRows(tokens, chosen, spec.width),
    positions: Int32Array.from(chosen, (token) => positions[token]),
  };
}

/** Under `mask`, pruned tokens are zero after every layer, whose biases would otherwise fill them. */
function zeroPruned(stream: Stream, width: number): Stream {
  const { live } = stream;
  if (live === undefined) return stream;
  return { ...stream, tokens: stream.tokens.map((value, i) => value * live[Math.floor(i / width)]) };
}

/** LayerNorm, the mean over the tokens that live, and the classifier. */
function classify({ spec, parameter }: Context, stream: Stream): Float64Array {
  const { width: d } = spec;
  const normed = layerNorm(
    stream.tokens,
    parameter('backbone.ln1.weight'),
    parameter('backbone.ln1.bias'),
    stream.positions.length,
    d,
    1e-6,
  );
  const pooled = meanRow(normed, d, stream);
  return linear(pooled, parameter('head.fc.weight'), 1, d, spec.classes, parameter('head.fc.bias'));
}

/** Mean over the tokens that live. rows [K, width] → [width] */
function meanRow(rows: Float64Array, width: number, { positions, live }: Stream): Float64Array {
  const mean = new Float64Array(width);
  let count = 0;
  for (let token = 0; token < positions.length; token++) {
    if (live !== undefined && live[token] === 0) continue;
    count++;
    for (let i = 0; i < width; i++) mean[i] += rows[token * width + i];
  }
  return mean.map((sum) => sum / count);
}

function livePositions({ positions, live }: Stream): Int32Array {
  return live === undefined ? positions : positions.filter((_, token) => live[token] === 1);
}

function batchNormOf(parameter: Parameters, name: string): ReturnType<typeof batchNormAffine> {
  return batchNormAffine(
    parameter(`${name}.weight`),
    parameter(`${name}.bias`),
    parameter(`${name}.running_mean`),
    parameter(`${name}.running_var`),
  );
}
