/**
 * The convolutional pyramid beside a PlainMamba (ViT-Adapter): a spatial prior module, injectors that write the
 * pyramid into the token stream before a group of layers, extractors that read it back after them, and the four
 * maps at the end. x: tokens of the backbone, stride 16; c: tokens of strides 8, 16 and 32, one after another.
 */
import {
  add,
  addMaps,
  batchNorm,
  conv,
  deconv2x2,
  depthwiseOnGrid,
  type FeatureMap,
  gelu,
  layerNorm,
  linear,
  mapOfTokens,
  type Observer,
  type Parameters,
  relu,
  tokensOfMap,
} from '@vssm/core/reference';
import { feedForwardWidth } from '../parameters.ts';
import type { AdapterSpec } from '../spec.ts';
import { cellCentres, deformableAttention, type Level, type ReferencePoint } from './attention.ts';
import { bilinear, maxPool } from './resize.ts';

/** Grids of strides 8, 16 and 32; the middle one is the backbone's. */
export function pyramidGrids({ spec }: AdapterSpec): readonly Level[] {
  return [8, 16, 32].map((stride) => ({
    height: spec.imageHeight / stride,
    width: spec.imageWidth / stride,
  }));
}

/** LayerNorm inside injectors and extractors. */
const normEpsilon = 1e-6;

/** @returns c1 as a map of stride 4; c with the level embedding added, [21·N/4, d] where N counts stride-16 cells */
export function spatialPrior(
  parameter: Parameters,
  image: FeatureMap,
  observe: Observer = () => {},
): { readonly c1: FeatureMap; readonly c: Float64Array } {
  const block = (x: FeatureMap, weight: string, norm: string, stride: number) =>
    relu(
      batchNorm(
        parameter,
        `backbone.spm.${norm}`,
        conv(parameter, `backbone.spm.${weight}`, x, 3, { stride, bias: false }),
      ),
    );
  let stem = block(image, 'stem.0', 'stem.1', 2);
  stem = block(stem, 'stem.3', 'stem.4', 1);
  stem = maxPool(block(stem, 'stem.6', 'stem.7', 1), 3, 2, 1);
  const second = block(stem, 'conv2.0', 'conv2.1', 2);
  const third = block(second, 'conv3.0', 'conv3.1', 2);
  const fourth = block(third, 'conv4.0', 'conv4.1', 2);

  const c1 = conv(parameter, 'backbone.spm.fc1', stem, 1);
  observe('spm.c1', c1.values);
  const embedding = parameter('backbone.level_embed');
  const sequences = [second, third, fourth].map((map, level) => {
    const tokens = tokensOfMap(conv(parameter, `backbone.spm.fc${level + 2}`, map, 1));
    observe(`spm.c${level + 2}`, tokens);
    return tokens.map((value, i) => value + embedding[level * c1.channels + (i % c1.channels)]);
  });
  const c = concatenate(sequences);
  observe('c_cat_with_level_embed', c);
  return { c1, c };
}

/**
 * x + gamma · attention(LN(x), LN(c)).
 *
 * @param x [K, d]
 * @param cells [K]: raster index of each token's cell
 */
export function injector(
  parameter: Parameters,
  adapter: AdapterSpec,
  name: string,
  x: Float64Array,
  cells: ArrayLike<number>,
  c: Float64Array,
  observe: Observer = () => {},
): Float64Array {
  const grids = pyramidGrids(adapter);
  const centres = cellCentres([grids[1]]);
  const references = Array.from(cells, (cell) => centres[cell]);
  const attended = attend(parameter, adapter, name, x, references, c, grids, observe);
  const gamma = parameter(`${name}.gamma`);
  return x.map((value, i) => value + gamma[i % gamma.length] * attended[i]);
}

/**
 * c + attention(LN(c), LN(x)), then that + feed-forward(LN of it).
 *
 * @param x [N, d], the whole grid of the backbone
 */
export function extractor(
  parameter: Parameters,
  adapter: AdapterSpec,
  name: string,
  c: Float64Array,
  x: Float64Array,
  observe: Observer = () => {},
): Float64Array {
  const grids = pyramidGrids(adapter);
  const attended = attend(parameter, adapter, name, c, cellCentres(grids), x, [grids[1]], observe);
  const mixed = add(c, attended);
  const forward = feedForward(parameter, adapter, name, norm(parameter, `${name}.ffn_norm`, mixed));
  observe('ffn_out', forward);
  return add(mixed, forward);
}

function attend(
  parameter: Parameters,
  { spec, heads, points }: AdapterSpec,
  name: string,
  queries: Float64Array,
  references: readonly ReferencePoint[],
  values: Float64Array,
  levels: readonly Level[],
  observe: Observer,
): Float64Array {
  const normed = norm(parameter, `${name}.query_norm`, queries);
  observe('query_normed', normed);
  const attended = deformableAttention(
    parameter,
    `${name}.attn`,
    { width: spec.width, heads, points },
    normed,
    references,
    norm(parameter, `${name}.feat_norm`, values),
    levels,
    observe,
  );
  observe('attn_out', attended);
  return attended;
}

/** fc1, a depthwise 3x3 convolution on each of the three levels, GELU, fc2. */
function feedForward(
  parameter: Parameters,
  adapter: AdapterSpec,
  name: string,
  c: Float64Array,
): Float64Array {
  const d = adapter.spec.width;
  const hidden = feedForwardWidth(adapter);
  const rows = c.length / d;
  const own = (suffix: string) => parameter(`${name}.ffn.${suffix}`);
  const widened = linear(c, own('fc1.weight'), rows, d, hidden, own('fc1.bias'));
  let start = 0;
  const levels = pyramidGrids(adapter).map((grid) => {
    const cells = grid.height * grid.width;
    const tokens = widened.subarray(start * hidden, (start + cells) * hidden);
    start += cells;
    const everyCell = Int32Array.from({ length: cells }, (_, cell) => cell);
    return depthwiseOnGrid(
      tokens,
      everyCell,
      grid,
      own('dwconv.dwconv.weight'),
      hidden,
      3,
      own('dwconv.dwconv.bias'),
    );
  });
  return linear(concatenate(levels).map(gelu), own('fc2.weight'), rows, hidden, d, own('fc2.bias'));
}

/** The four maps of strides 4, 8, 16 and 32 that detectors read. */
export function adapterMaps(
  parameter: Parameters,
  adapter: AdapterSpec,
  c1: FeatureMap,
  c: Float64Array,
  x: Float64Array,
  observe: Observer = () => {},
): readonly FeatureMap[] {
  const d = adapter.spec.width;
  let start = 0;
  const [c2, c3, c4] = pyramidGrids(adapter).map(({ height, width }) => {
    const tokens = c.subarray(start, start + height * width * d);
    start += tokens.length;
    return mapOfTokens(tokens, height, width);
  });
  const up = deconv2x2(parameter, 'backbone.up', c2);
  observe('up_c2', up.values);
  const tokens = mapOfTokens(x, c3.height, c3.width);
  return [addMaps(up, c1), c2, c3, c4].map((map, level) =>
    batchNorm(
      parameter,
      `backbone.ad_norm${level + 1}`,
      addMaps(map, bilinear(tokens, map.height, map.width)),
    ),
  );
}

function norm(parameter: Parameters, name: string, x: Float64Array): Float64Array {
  const weight = parameter(`${name}.weight`);
  const d = weight.length;
  return layerNorm(x, weight, parameter(`${name}.bias`), x.length / d, d, normEpsilon);
}

function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
