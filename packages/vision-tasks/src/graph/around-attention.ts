/**
 * Injectors and extractors cut in two, for whoever has a kernel for the middle of deformable attention: what goes into it,
 * and what becomes of what comes out. In one piece they are in adapter.ts. Tokens as rows of one image.
 */
import type { Weights } from '@vssm/core';
import { layerNorm, linear, segment } from '@vssm/graph';
import type { AdapterSpec } from '../model/spec.ts';
import { feedForward, normEpsilon, pyramidLevelsOf } from './adapter.ts';
import { injectorName } from './adapter-names.ts';
import { visionNames } from './names.ts';

/**
 * queries [Q, d], values [S, d] → value [S, d] and places [Q, 3 · samples]: x and y of every head's and level's points, all of
 * a query's, then its scores.
 *
 * @param levels that the values are of
 */
export function attentionInputsStage(
  { spec, heads, points }: AdapterSpec,
  weights: Weights,
  name: string,
  levels: number,
): Uint8Array {
  const stage = segment('attention_inputs', weights);
  const { g, parameters } = stage;
  const d = spec.width;
  const places = 3 * heads * levels * points;
  const normed = (input: string, rows: string, norm: string) =>
    layerNorm(g, parameters, g.input(input, 'F32', [rows, d]), `${name}.${norm}`, normEpsilon);
  const queries = normed(visionNames.queries, 'queries', 'query_norm');
  linear(
    g,
    parameters,
    normed(visionNames.values, 'values', 'feat_norm'),
    `${name}.attn.value_proj`,
    visionNames.attentionValue,
  );
  // One product instead of two thin ones.
  const both = (part: string) =>
    ['sampling_offsets', 'attention_weights'].map(
      (layer) => parameters.tensor(`${name}.attn.${layer}.${part}`).data,
    );
  const weight = parameters.derived('places.weight', [d, places], () =>
    transposed(joined(both('weight')), d),
  );
  const bias = parameters.derived('places.bias', [places], () => joined(both('bias')));
  g.op('Add', [g.op('MatMul', [queries, weight]), bias], { name: visionNames.places });
  g.output(visionNames.attentionValue, 'F32', ['values', d]);
  g.output(visionNames.places, 'F32', ['queries', places]);
  return g.model();
}

/** sampled, x → next_x: x + gamma · projection of what was sampled */
export function injectorEndStage({ spec }: AdapterSpec, weights: Weights, block: number): Uint8Array {
  const stage = segment(`injector_end_${block}`, weights);
  const { g, parameters } = stage;
  const d = spec.width;
  const name = injectorName(block);
  const x = g.input(visionNames.tokens, 'F32', ['tokens', d]);
  const sampled = g.input(visionNames.sampled, 'F32', ['tokens', d]);
  const gamma = parameters.tensor(`${name}.gamma`).data;
  const own = (part: string) => parameters.tensor(`${name}.attn.output_proj.${part}`).data;
  const weight = parameters.derived('gamma.weight', [d, d], () =>
    transposed(
      own('weight').map((value, i) => gamma[Math.floor(i / d)] * value),
      d,
    ),
  );
  const bias = parameters.derived('gamma.bias', [d], () => own('bias').map((value, i) => gamma[i] * value));
  const moved = g.op('Add', [g.op('MatMul', [sampled, weight]), bias]);
  g.op('Add', [x, moved], { name: visionNames.nextTokens });
  g.output(visionNames.nextTokens, 'F32', ['tokens', d]);
  return g.model();
}

/** sampled, c → next_c: c + projection of what was sampled, then the feed-forward. @param name of the extractor's weights */
export function extractorEndStage(adapter: AdapterSpec, weights: Weights, name: string): Uint8Array {
  const stage = segment('extractor_end', weights);
  const { g, parameters } = stage;
  const d = adapter.spec.width;
  const c = g.input(visionNames.pyramidTokens, 'F32', ['pyramid', d]);
  const sampled = g.input(visionNames.sampled, 'F32', ['pyramid', d]);
  const mixed = g.op('Add', [c, linear(g, parameters, sampled, `${name}.attn.output_proj`)]);
  const normed = layerNorm(g, parameters, mixed, `${name}.ffn_norm`, normEpsilon);
  const fed = feedForward(stage, adapter, `${name}.ffn`, normed, pyramidLevelsOf(stage));
  g.op('Add', [mixed, fed], { name: visionNames.nextPyramidTokens });
  g.output(visionNames.nextPyramidTokens, 'F32', ['pyramid', d]);
  return g.model();
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** [outputs, inputs] → [inputs, outputs] */
function transposed(weight: Float32Array, inputs: number): Float32Array {
  const outputs = weight.length / inputs;
  return weight.map((_, i) => weight[(i % outputs) * inputs + Math.floor(i / outputs)]);
}
