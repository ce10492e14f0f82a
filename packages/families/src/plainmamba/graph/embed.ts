/** From pixels to the tokens on the grid, and from the tokens to logits. */
import {
  foldedConv,
  type GraphBuilder,
  layerNorm,
  linear,
  type Parameters,
  swapLastAxes,
  type Value,
} from '@vssm/graph';
import { plainMambaPositionEmbedding } from '../position-embedding.ts';
import { type PlainMambaSpec, plainMambaGrid, stemConvNames, stemSize } from '../spec.ts';

/** Stem, its convolutions, the projection to one token per cell, and the position embedding: [B, L0, d]. */
export function embed(g: GraphBuilder, spec: PlainMambaSpec, parameters: Parameters, pixels: Value): Value {
  const prefix = 'backbone.patch_embed';
  const normedRelu = (x: Value, conv: string, batchNorm: string, kernel: number, stride: number) => {
    const { weight, bias } = foldedConv(parameters, conv, batchNorm);
    const pad = (kernel - 1) / 2;
    const convolved = g.op('Conv', [x, weight, bias], {
      attributes: {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
      },
    });
    return g.op('Relu', [convolved]);
  };
  let plane = normedRelu(pixels, `${prefix}.stem.0`, `${prefix}.stem.1`, 7, 2);
  for (let conv = 0; conv < spec.stemConvs; conv++) {
    const { weight, batchNorm } = stemConvNames(conv);
    plane = normedRelu(plane, weight, batchNorm, 3, 1);
  }

  const side = spec.patchSize / 2;
  const half = stemSize(spec);
  const grid = plainMambaGrid(spec);
  const projection = [`${prefix}.projection.weight`, `${prefix}.projection.bias`];
  const projected = g.op('Conv', [plane, ...projection.map((name) => parameters.plain(name))], {
    attributes: {
      kernel_shape: [side, side],
      strides: [side, side],
      pads: [0, 0, grid.height * side - half.height, grid.width * side - half.width],
    },
  });
  const cells = grid.height * grid.width;
  const tokens = swapLastAxes(g, g.op('Reshape', [projected, g.ints([0, spec.width, cells])]));
  const name = 'backbone.pos_embed';
  const positions = parameters.derived(`${name}.resized`, [cells, spec.width], () =>
    Float32Array.from(plainMambaPositionEmbedding(spec, parameters.tensor(name).data)),
  );
  return g.op('Add', [tokens, positions]);
}

/**
 * LayerNorm, the mean over the tokens, and the classifier: tokens [B, K, d] → logits [B, classes], under `name`.
 *
 * @param mean [B, K, d] → [B, 1, d]
 */
export function classify(
  g: GraphBuilder,
  spec: PlainMambaSpec,
  parameters: Parameters,
  tokens: Value,
  name: string,
  mean: (tokens: Value) => Value = (values) => meanToken(g, values),
): Value {
  const pooled = mean(layerNorm(g, parameters, tokens, 'backbone.ln1', 1e-6));
  return linear(g, parameters, g.op('Reshape', [pooled, g.ints([0, spec.width])]), 'head.fc', name);
}

/** [B, K, C] → [B, 1, C] */
export function meanToken(g: GraphBuilder, tokens: Value): Value {
  return g.op('ReduceMean', [tokens, g.ints([1])], { attributes: { keepdims: 1 } });
}
