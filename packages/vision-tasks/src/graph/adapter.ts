/**
 * The convolutional pyramid beside a PlainMamba as stages around groups of layers: spatial prior, injectors,
 * extractors, the four maps at the end. One image at a time, tokens as rows. A stage serves every image
 * size: sizes are inputs.
 */
import type { Weights } from '@vssm/core';
import { layerNorm, linear, segment, type Value } from '@vssm/graph';
import { feedForwardWidth } from '../model/parameters.ts';
import type { AdapterSpec } from '../model/spec.ts';
import { extractorNames, injectorName } from './adapter-names.ts';
import { deformableAttention, type ValueLevel } from './attention.ts';
import {
  batchNorm,
  conv,
  deconv2x2,
  mapAxes,
  mapOfTokens,
  normedConv,
  relu,
  resize,
  type Stage,
  sizeOfMap,
  tokensOfMap,
} from './convs.ts';
import { visionNames } from './names.ts';

/** LayerNorm inside injectors and extractors. */
export const normEpsilon = 1e-6;

/** pixels → c1, c */
export function spatialPriorStage({ spec }: AdapterSpec, weights: Weights): Uint8Array {
  const stage = segment('spatial_prior', weights);
  const { g, parameters } = stage;
  const d = spec.width;
  const pixels = g.input(visionNames.pixels, 'F32', mapAxes('image', spec.inChannels));
  const block = (x: Value, weight: string, norm: string, stride: number) =>
    relu(stage, normedConv(stage, `backbone.spm.${weight}`, `backbone.spm.${norm}`, x, { stride }));
  const stem = block(
    block(block(pixels, 'stem.0', 'stem.1', 2), 'stem.3', 'stem.4', 1),
    'stem.6',
    'stem.7',
    1,
  );
  const first = g.op('MaxPool', [stem], {
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  });
  const second = block(first, 'conv2.0', 'conv2.1', 2);
  const third = block(second, 'conv3.0', 'conv3.1', 2);
  const fourth = block(third, 'conv4.0', 'conv4.1', 2);
  g.op('Identity', [conv(stage, 'backbone.spm.fc1', first)], { name: visionNames.c1 });
  const sequences = [second, third, fourth].map((map, level) => {
    const tokens = tokensOfMap(stage, conv(stage, `backbone.spm.fc${level + 2}`, map), d);
    const embedding = parameters.derived(`backbone.level_embed.${level}`, [d], () =>
      parameters.tensor('backbone.level_embed').data.subarray(level * d, (level + 1) * d),
    );
    return g.op('Add', [tokens, embedding]);
  });
  const all = g.op('Concat', sequences, { attributes: { axis: 1 } });
  g.op('Reshape', [all, g.ints([-1, d])], { name: visionNames.pyramidTokens });
  g.output(visionNames.c1, 'F32', mapAxes('c1', d));
  g.output(visionNames.pyramidTokens, 'F32', ['pyramid', d]);
  return g.model();
}

/** x [K, d] and its references, c → next_x: x + gamma · attention(LN(x), LN(c)) */
export function injectorStage(adapter: AdapterSpec, weights: Weights, block: number): Uint8Array {
  const stage = segment(`injector_${block}`, weights);
  const { g, parameters } = stage;
  const d = adapter.spec.width;
  const name = injectorName(block);
  const x = g.input(visionNames.tokens, 'F32', ['tokens', d]);
  const references = g.input(visionNames.references, 'F32', ['tokens', 2]);
  const c = g.input(visionNames.pyramidTokens, 'F32', ['pyramid', d]);
  const attended = attend(stage, adapter, name, x, references, c, pyramidLevelsOf(stage));
  const gamma = parameters.plain(`${name}.gamma`);
  g.op('Add', [x, g.op('Mul', [attended, gamma])], { name: visionNames.nextTokens });
  g.output(visionNames.nextTokens, 'F32', ['tokens', d]);
  return g.model();
}

/** c and its references, x (the whole grid) → next_c; the last block's extra extractors follow in the same stage. */
export function extractorStage(adapter: AdapterSpec, weights: Weights, block: number): Uint8Array {
  const stage = segment(`extractor_${block}`, weights);
  const { g } = stage;
  const d = adapter.spec.width;
  let c = g.input(visionNames.pyramidTokens, 'F32', ['pyramid', d]);
  const x = g.input(visionNames.tokens, 'F32', ['cells', d]);
  const references = g.input(visionNames.references, 'F32', ['pyramid', 2]);
  const levels = pyramidLevelsOf(stage);
  for (const name of extractorNames(adapter, block)) {
    c = extractor(stage, adapter, name, c, references, x, levels);
  }
  g.op('Identity', [c], { name: visionNames.nextPyramidTokens });
  g.output(visionNames.nextPyramidTokens, 'F32', ['pyramid', d]);
  return g.model();
}

function extractor(
  stage: Stage,
  adapter: AdapterSpec,
  name: string,
  c: Value,
  references: Value,
  x: Value,
  levels: readonly ValueLevel[],
): Value {
  const { g, parameters } = stage;
  const mixed = g.op('Add', [c, attend(stage, adapter, name, c, references, x, [levels[1]])]);
  const normed = layerNorm(g, parameters, mixed, `${name}.ffn_norm`, normEpsilon);
  return g.op('Add', [mixed, feedForward(stage, adapter, `${name}.ffn`, normed, levels)]);
}

function attend(
  stage: Stage,
  adapter: AdapterSpec,
  name: string,
  queries: Value,
  references: Value,
  values: Value,
  levels: readonly ValueLevel[],
): Value {
  const { g, parameters } = stage;
  const normed = (value: Value, norm: string) =>
    layerNorm(g, parameters, value, `${name}.${norm}`, normEpsilon);
  return deformableAttention(
    stage,
    `${name}.attn`,
    adapter,
    normed(queries, 'query_norm'),
    references,
    normed(values, 'feat_norm'),
    levels,
  );
}

/** The three levels of c, by the run-time input of their sizes. */
export function pyramidLevelsOf({ g }: Stage): ValueLevel[] {
  const grids = g.input(visionNames.pyramidGrids, 'I64', [3, 2]);
  return [0, 1, 2].map((level) => {
    const size = g.op('Gather', [grids, g.ints(level)]);
    const [height, width] = g.ops('Split', [size, g.ints([1, 1])], 2, { attributes: { axis: 0 } });
    return { size, cells: g.op('Mul', [height, width]) };
  });
}

/** c [1, S, d] → the tokens of each level */
function splitLevels({ g }: Stage, c: Value, levels: readonly ValueLevel[]): Value[] {
  const cells = g.op(
    'Concat',
    levels.map((level) => level.cells),
    { attributes: { axis: 0 } },
  );
  return g.ops('Split', [c, cells], levels.length, { attributes: { axis: 1 } });
}

/** fc1, a depthwise 3x3 convolution on each of the three levels, GELU, fc2. */
export function feedForward(
  stage: Stage,
  adapter: AdapterSpec,
  name: string,
  c: Value,
  levels: readonly ValueLevel[],
): Value {
  const { g, parameters } = stage;
  const hidden = feedForwardWidth(adapter);
  const widened = g.op('Unsqueeze', [linear(g, parameters, c, `${name}.fc1`), g.ints([0])]);
  const convolved = splitLevels(stage, widened, levels).map((tokens, i) => {
    const weights = ['weight', 'bias'].map((part) => parameters.plain(`${name}.dwconv.dwconv.${part}`));
    const map = g.op('Conv', [mapOfTokens(stage, tokens, hidden, levels[i].size), ...weights], {
      attributes: { group: hidden, kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
    });
    return tokensOfMap(stage, map, hidden);
  });
  const joined = g.op('Squeeze', [g.op('Concat', convolved, { attributes: { axis: 1 } }), g.ints([0])]);
  return linear(g, parameters, g.op('Gelu', [joined]), `${name}.fc2`);
}

/** c1, c, x (the whole grid) → f0 … f3, strides 4, 8, 16 and 32 */
export function adapterMapsStage({ spec }: AdapterSpec, weights: Weights): Uint8Array {
  const stage = segment('adapter_maps', weights);
  const { g } = stage;
  const d = spec.width;
  const c1 = g.input(visionNames.c1, 'F32', mapAxes('c1', d));
  const c = g.input(visionNames.pyramidTokens, 'F32', ['pyramid', d]);
  const x = g.input(visionNames.tokens, 'F32', ['cells', d]);
  const levels = pyramidLevelsOf(stage);
  const batched = (rows: Value) => g.op('Unsqueeze', [rows, g.ints([0])]);
  const [c2, c3, c4] = splitLevels(stage, batched(c), levels).map((tokens, i) =>
    mapOfTokens(stage, tokens, d, levels[i].size),
  );
  const tokens = mapOfTokens(stage, batched(x), d, levels[1].size);
  const maps = [g.op('Add', [deconv2x2(stage, 'backbone.up', c2), c1]), c2, c3, c4];
  for (const [i, map] of maps.entries()) {
    const scaled = i === 2 ? tokens : resize(stage, tokens, 'bilinear', sizeOfMap(stage, map));
    batchNorm(stage, `backbone.ad_norm${i + 1}`, g.op('Add', [map, scaled]), visionNames.map(i));
    g.output(visionNames.map(i), 'F32', mapAxes(visionNames.map(i), d));
  }
  return g.model();
}
