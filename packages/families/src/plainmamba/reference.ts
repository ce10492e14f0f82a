/**
 * PlainMamba with token pruning, in float64: the whole method, and the oracle of every backend. One image at a time;
 * the stream is [K, d], tokens in position order. A layer is x + mixer(LayerNorm(x)), in some models followed by a
 * depthwise convolution. How tokens are scored and chosen stands in core's reference/pruning.ts.
 *
 * What makes it unlike Vim: the convolution is 7x7 on the grid; one set of Δ, B, C and A serves four snake orders
 * over the cells; only u is gathered along a snake, while step m of every order uses Δ, B and C of the m-th token
 * in position order; and B gets a vector that names the move into the visited cell.
 */
import {
  contributionsOf,
  type GridSides,
  keptOrder,
  type PruningPlan,
  type ScanOrder,
  type ScanSteps,
  type SignalSource,
  snakeOrders,
  type Weights,
} from '@vssm/core';
import {
  add,
  batchNorm,
  batchNormAffine,
  type ContributionReader,
  classContributions,
  columns,
  conv,
  convolve,
  depthwiseOnGrid,
  type FeatureMap,
  featureMap,
  gatherRows,
  gelu,
  type KeptTokens,
  keptRows,
  layerNorm,
  linear,
  livePositions,
  meanRow,
  type Observer,
  type Parameters,
  parametersOf,
  type ReferencePrediction,
  reduceTokens,
  relu,
  selectiveScan,
  silu,
  softplus,
  tokensOfMap,
  zeroGone,
} from '@vssm/core/reference';
import { plainMambaPositionEmbedding } from './position-embedding.ts';
import { type PlainMambaSpec, plainMambaGrid, stemConvNames } from './spec.ts';

/** The tokens between two layers; a position is the raster index of the token's cell. */
interface Stream extends KeptTokens {
  /** [K, d] */
  readonly tokens: Float64Array;
}

/** What every layer of one forward pass shares. */
export interface PlainMambaPass {
  readonly spec: PlainMambaSpec;
  readonly plan: Pick<PruningPlan, 'alignment'>;
  readonly parameter: Parameters;
  readonly grid: GridSides;
  readonly orders: readonly ScanOrder[];
  readonly observe: Observer;
}

/** [K]: the cell that each token stands in, of the model's grid, or of the smaller one that a rule has left. */
function cellsOf({ positions, grid }: Stream): Int32Array {
  return grid === undefined ? positions : positions.map((_, cell) => cell);
}

/** The same pass, once what is left is read as a smaller full grid. */
function onGrid(pass: PlainMambaPass, grid: GridSides): PlainMambaPass {
  return { ...pass, grid, orders: snakeOrders(grid.height, grid.width) };
}

/** What every layer of one forward pass shares. @param parameter by upstream's names */
export function plainMambaPass(
  spec: PlainMambaSpec,
  parameter: Parameters,
  plan: Pick<PruningPlan, 'alignment'>,
  observe: Observer,
): PlainMambaPass {
  const { height, width } = plainMambaGrid(spec);
  const grid = { height, width };
  return { spec, plan, parameter, grid, orders: snakeOrders(height, width), observe };
}

export interface PlainMambaLayerOutput {
  /** [K, d] */
  readonly tokens: Float64Array;
  readonly signals: SignalSource;
}

/** See referenceForward. */
export function plainMambaReference(
  spec: PlainMambaSpec,
  weights: Weights,
  plan: PruningPlan,
  image: ArrayLike<number>,
  sample: number,
  observe: Observer,
  read?: ContributionReader,
): ReferencePrediction {
  const { height, width } = plainMambaGrid(spec);
  const cells = height * width;
  const here = {
    ...{ spec, sample, fullLength: cells, protectedTokens: new Int32Array(0) },
    grid: { height, width },
  };
  let pass = plainMambaPass(spec, parametersOf(weights), plan, observe);
  const kept = new Map<number, Int32Array>();

  let stream: Stream = {
    tokens: plainMambaTokens(pass, image),
    positions: Int32Array.from({ length: cells }, (_, cell) => cell),
  };
  for (let layer = 0; layer < spec.depth; layer++) {
    const { tokens, signals } = plainMambaLayer(pass, layer, stream.tokens, cellsOf(stream));
    // Under `mask`, the biases of a layer would fill the tokens that are gone.
    stream = { ...stream, tokens: zeroGone(tokens, stream) };
    observe(`layer${layer}.out`, stream.tokens);
    read?.(layer + 1, stream.positions, classContributions(here, layer + 1, signals, stream));

    const step = plan.schedule.findIndex(({ after }) => after === layer + 1);
    if (step >= 0) {
      const choice = reduceTokens(plan, { ...here, step }, signals, stream, 'every-token', (scores) =>
        observe(`step${layer + 1}.score`, Float64Array.from(scores)),
      );
      stream = { ...choice.kept, tokens: keptRows(stream.tokens, choice, spec.width) };
      if (stream.grid !== undefined) pass = onGrid(pass, stream.grid);
      if (stream.sizes !== undefined) observe(`step${layer + 1}.sizes`, Float64Array.from(stream.sizes));
      kept.set(layer + 1, livePositions(stream));
    }
  }
  return { logits: classify(pass, stream), kept };
}

/** Stem, projection and position embedding: image [C, H, W] → tokens [L0, d]. */
export function plainMambaTokens(
  { spec, parameter, observe }: PlainMambaPass,
  image: ArrayLike<number>,
): Float64Array {
  const grid = plainMambaGrid(spec);
  const prefix = 'backbone.patch_embed';
  const normedConv = (x: FeatureMap, weight: string, norm: string, kernel: number, stride: number) =>
    relu(batchNorm(parameter, norm, conv(parameter, weight, x, kernel, { stride, bias: false })));
  const pixels = featureMap(spec.inChannels, spec.imageHeight, spec.imageWidth, image);
  let map = normedConv(pixels, `${prefix}.stem.0`, `${prefix}.stem.1`, 7, 2);
  observe('stem', map.values);
  for (let i = 0; i < spec.stemConvs; i++) {
    const { weight, batchNorm: norm } = stemConvNames(i);
    map = normedConv(map, weight, norm, 3, 1);
  }
  const projected = convolve(
    map,
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

/**
 * @param tokens [K, d]
 * @param positions [K]: raster index of each token's cell, rising
 */
export function plainMambaLayer(
  pass: PlainMambaPass,
  layer: number,
  tokens: Float64Array,
  positions: Int32Array,
): PlainMambaLayerOutput {
  const { spec, observe } = pass;
  const d = spec.width;
  const own = (name: string) => pass.parameter(`backbone.layers.${layer}.${name}`);
  const normed = layerNorm(tokens, own('norm.weight'), own('norm.bias'), positions.length, d, 1e-5);
  const { output, signals: ofMixer } = mixer(pass, layer, normed, positions);
  const signals: SignalSource = { ...ofMixer, residual: () => tokens };
  observe(`layer${layer}.mixer_out`, output);
  const sum = add(tokens, output);
  if (!spec.depthwiseLayers.includes(layer)) return { tokens: sum, signals };
  const convolved = depthwiseOnGrid(sum, positions, pass.grid, own('dw.0.weight'), d, 3);
  const { scale, offset } = batchNormAffine(
    own('dw.1.weight'),
    own('dw.1.bias'),
    own('dw.1.running_mean'),
    own('dw.1.running_var'),
  );
  return { tokens: convolved.map((value, i) => gelu(value * scale[i % d] + offset[i % d])), signals };
}

/** Projections, the convolution on the grid, four scans over shared Δ, B, C and A, the gate, output projection. */
function mixer(
  { spec, plan, parameter, grid, orders, observe }: PlainMambaPass,
  layer: number,
  normed: Float64Array,
  positions: Int32Array,
): { readonly output: Float64Array; readonly signals: SignalSource } {
  const { width: d, innerWidth: E, stateSize: N, dtRank: r } = spec;
  const length = positions.length;
  const own = (name: string) => parameter(`backbone.layers.${layer}.mamba.${name}`);

  const xz = linear(normed, own('in_proj.weight'), length, d, 2 * E, own('in_proj.bias'));
  const x = columns(xz, length, 2 * E, 0, E);
  const gate = columns(xz, length, 2 * E, E, E).map(silu);
  const u = depthwiseOnGrid(
    x,
    positions,
    grid,
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
  const ys: Float64Array[] = [];
  const scans: ScanSteps[] = [];
  const deltaOfNothing = doubledBias.map(softplus);
  const rows = Int32Array.from({ length }, (_, step) => step);
  for (const [direction, full] of orders.entries()) {
    const { order, moves, gaps } = keptOrder(full, positions);
    const moved = b.map((value, i) => value + directionB[moves[Math.floor(i / N)] * N + (i % N)]);
    const stepGaps = plan.alignment === 'decay' ? gaps : new Int32Array(length);
    const y = selectiveScan(
      gatherRows(u, order, E),
      delta,
      moved,
      c,
      a,
      own('D'),
      deltaOfNothing,
      stepGaps,
      length,
      E,
      N,
    );
    observe(`layer${layer}.dir${direction}.y`, y);
    const inPlace = new Float64Array(length * E);
    for (let step = 0; step < length; step++) {
      const row = y.subarray(step * E, (step + 1) * E);
      inPlace.set(row, order[step] * E);
      for (let channel = 0; channel < E; channel++) ssm[order[step] * E + channel] += row[channel];
    }
    ys.push(inPlace);
    scans.push({ tokens: order, rows, gaps: stepGaps, delta, deltaOfNothing, B: moved, C: c, u, A: a });
  }
  const z = () => columns(xz, length, 2 * E, E, E);
  const gated = ssm.map((y, i) => y * gate[i]);
  const output = linear(gated, own('out_proj.weight'), length, E, d, own('out_proj.bias'));
  return {
    output,
    signals: {
      gated: () => gated,
      ssm: () => ssm,
      y: () => ys,
      delta: () => [delta],
      B: () => [b],
      C: () => [c],
      u: () => [u],
      z,
      scans: () => scans,
      contributions: (context) => contributionsOf(scans, z(), context),
      hidden: () => output,
    },
  };
}

/** LayerNorm, the mean over the tokens that live, and the classifier. */
function classify({ spec, parameter }: PlainMambaPass, stream: Stream): Float64Array {
  const { width: d } = spec;
  const normed = layerNorm(
    stream.tokens,
    parameter('backbone.ln1.weight'),
    parameter('backbone.ln1.bias'),
    stream.positions.length,
    d,
    1e-6,
  );
  const pooled = meanRow(normed, stream);
  return linear(pooled, parameter('head.fc.weight'), 1, d, spec.classes, parameter('head.fc.bias'));
}
