/** From pixels to the token sequence, and from the protected tokens to logits. */
import { batchOf, type GraphBuilder, type Parameters, rmsNorm, swapLastAxes, type Value } from '@vssm/graph';
import { patchCount } from '../spec.ts';
import { type BidirectionalSpec, type BidirectionalTraits, readWidth, sequenceOrder } from '../traits.ts';

/** Patches as tokens, the protected tokens among them, the position embedding over all: [B, L0, d]. */
export function embed<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  g: GraphBuilder,
  spec: Spec,
  parameters: Parameters,
  input: Value,
): Value {
  const { width: d, patchSize, stride } = spec;
  const projected = g.op(
    'Conv',
    [input, parameters.plain('patch_embed.proj.weight'), parameters.plain('patch_embed.proj.bias')],
    { attributes: { kernel_shape: [patchSize, patchSize], strides: [stride, stride] } },
  );
  const flat = g.op('Reshape', [projected, g.ints([0, d, patchCount(spec)])]);
  const apart = traits.positionEmbedding === 'apart';
  const positioned = (value: Value, name: string) =>
    apart ? g.op('Add', [value, parameters.plain(name)]) : value;
  const patches = positioned(swapLastAxes(g, flat), 'pos_embed');
  const own = positioned(parameters.plain('cls_token'), 'pos_embed_cls');
  const ofEach = g.op('Expand', [
    own,
    g.op('Concat', [batchOf(g, input), g.ints([traits.protectedTokens(spec).length, d])], {
      attributes: { axis: 0 },
    }),
  ]);
  const numbered = g.op('Concat', [ofEach, patches], { attributes: { axis: 1 } });
  const order = [...sequenceOrder(traits, spec)];
  const inOrder = order.every((token, position) => token === position);
  const tokens = inOrder ? numbered : g.op('Gather', [numbered, g.ints(order)], { attributes: { axis: 1 } });
  return apart ? tokens : g.op('Add', [tokens, parameters.plain('pos_embed')]);
}

/**
 * The last norm, the neck where there is one, and the classifier.
 *
 * @param tokens the protected tokens of each image one after the other, [B, P, d] or [B·P, d]
 * @param name of the logits, [B, classes]
 */
export function classify<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  g: GraphBuilder,
  spec: Spec,
  parameters: Parameters,
  tokens: Value,
  name: string,
): Value {
  const together = (value: Value) => {
    const values = traits.protectedTokens(spec).length * readWidth(traits, spec);
    return g.op('Reshape', [value, g.ints([-1, values])]);
  };
  const normed = rmsNorm(g, tokens, parameters.plain('norm_f.weight'));
  const feature =
    traits.reduction(spec) === 1
      ? together(normed)
      : rmsNorm(
          g,
          together(g.op('MatMul', [normed, parameters.linear('neck.weight')])),
          parameters.plain('norm_neck.weight'),
        );
  const scores = g.op('MatMul', [feature, parameters.linear('head.weight')]);
  return g.op('Add', [scores, parameters.plain('head.bias')], { name });
}
