/** From pixels to the token sequence, and from the class token to logits. */
import { batchOf, type GraphBuilder, type Parameters, rmsNorm, swapLastAxes, type Value } from '@vssm/graph';
import { patchCount } from '../spec.ts';
import type { BidirectionalSpec } from '../traits.ts';

/**
 * Patches as tokens, the class token among them, the position embedding over all: [B, L0, d].
 *
 * @param place position of the class token
 */
export function embed(
  g: GraphBuilder,
  spec: BidirectionalSpec,
  parameters: Parameters,
  input: Value,
  place: number,
): Value {
  const { width: d, patchSize, stride } = spec;
  const projected = g.op(
    'Conv',
    [input, parameters.plain('patch_embed.proj.weight'), parameters.plain('patch_embed.proj.bias')],
    { attributes: { kernel_shape: [patchSize, patchSize], strides: [stride, stride] } },
  );
  const flat = g.op('Reshape', [projected, g.ints([0, d, patchCount(spec)])]);
  const patches = swapLastAxes(g, flat);
  const classToken = g.op('Expand', [
    parameters.plain('cls_token'),
    g.op('Concat', [batchOf(g, input), g.ints([1, d])], { attributes: { axis: 0 } }),
  ]);
  const after = patchCount(spec) - place;
  const parts = [place, after].filter((count) => count > 0);
  const cut = g.ops('Split', [patches, g.ints(parts)], parts.length, { attributes: { axis: 1 } });
  const inOrder = place === 0 ? [classToken, ...cut] : [cut[0], classToken, ...cut.slice(1)];
  const tokens = g.op('Concat', inOrder, { attributes: { axis: 1 } });
  return g.op('Add', [tokens, parameters.plain('pos_embed')]);
}

/** The last norm and the classifier: the class token [B, d] → logits [B, classes], under `name`. */
export function classify(g: GraphBuilder, parameters: Parameters, token: Value, name: string): Value {
  const feature = rmsNorm(g, token, parameters.plain('norm_f.weight'));
  const scores = g.op('MatMul', [feature, parameters.linear('head.weight')]);
  return g.op('Add', [scores, parameters.plain('head.bias')], { name });
}
