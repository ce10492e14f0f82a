/**
 * The blocks of the backbones as small stages that can be entered and left between any two layers: heads tap
 * the stream there, injectors write to it, rope turns it. Between `enter` and `leave` run the convolution, the
 * projections (the classifier's own segments) and the scan. Tokens are rows of one image.
 */
import type { Weights } from '@vssm/core';
import type { PlainMambaSpec, VimSpec } from '@vssm/families';
import { embedPlainMamba } from '@vssm/families/graph';
import { layerNorm, linear, rmsNorm, segment, segmentNames, type Value } from '@vssm/graph';
import type { VimTapsSpec } from '../model/spec.ts';
import { type Stage, tokensOfMap } from './convs.ts';
import { visionNames } from './names.ts';

/** pixels → next_x: the tokens of all cells, [cells, d] */
export function plainMambaEmbedStage(spec: PlainMambaSpec, weights: Weights): Uint8Array {
  const stage = segment('embed', weights);
  return endOfEmbedding(stage, spec, embedPlainMamba(stage.g, spec, stage.parameters, pixelsOf(stage, spec)));
}

/** x → xz: norm and input projection of a layer */
export function plainMambaEnterStage(spec: PlainMambaSpec, weights: Weights, layer: number): Uint8Array {
  const { g, parameters } = segment(`enter_${layer}`, weights);
  const prefix = `backbone.layers.${layer}`;
  const x = g.input(visionNames.tokens, 'F32', ['tokens', spec.width]);
  const normed = layerNorm(g, parameters, x, `${prefix}.norm`, 1e-5);
  linear(g, parameters, normed, `${prefix}.mamba.in_proj`, segmentNames.xz);
  g.output(segmentNames.xz, 'F32', ['tokens', 2 * spec.innerWidth]);
  return g.model();
}

/** y, x → next_x: output projection and residual of a layer (what it may end in beside that comes after) */
export function plainMambaLeaveStage(spec: PlainMambaSpec, weights: Weights, layer: number): Uint8Array {
  const { g, parameters } = segment(`leave_${layer}`, weights);
  const y = g.input(segmentNames.y, 'F32', ['tokens', spec.innerWidth]);
  const x = g.input(visionNames.tokens, 'F32', ['tokens', spec.width]);
  const output = linear(g, parameters, y, `backbone.layers.${layer}.mamba.out_proj`);
  g.op('Add', [x, output], { name: visionNames.nextTokens });
  g.output(visionNames.nextTokens, 'F32', ['tokens', spec.width]);
  return g.model();
}

/** x → next_x: GELU, the end of a layer with a convolution of its own */
export function geluStage(width: number): Uint8Array {
  const { g } = segment('gelu', new Map());
  g.op('Gelu', [g.input(visionNames.tokens, 'F32', ['tokens', width])], { name: visionNames.nextTokens });
  g.output(visionNames.nextTokens, 'F32', ['tokens', width]);
  return g.model();
}

/** pixels → next_x: patches and position embedding, no class token, [cells, d] */
export function vimEmbedStage(spec: VimSpec, weights: Weights): Uint8Array {
  const stage = segment('embed', weights);
  const { g, parameters } = stage;
  const { patchSize, stride, width: d } = spec;
  const name = 'backbone.patch_embed.proj';
  const inputs = [
    pixelsOf(stage, spec),
    parameters.plain(`${name}.weight`),
    parameters.plain(`${name}.bias`),
  ];
  const map = g.op('Conv', inputs, {
    attributes: { kernel_shape: [patchSize, patchSize], strides: [stride, stride] },
  });
  const tokens = g.op('Add', [tokensOfMap(stage, map, d), parameters.plain('backbone.pos_embed')]);
  return endOfEmbedding(stage, spec, tokens);
}

/**
 * x (hidden), from the second block on residual, with rope cos and sin → next_residual, xz: rope, sum, norm, input
 * projection of a block
 */
export function vimEnterStage({ spec, rope }: VimTapsSpec, weights: Weights, block: number): Uint8Array {
  const stage = segment(`enter_${block}`, weights);
  const { g, parameters } = stage;
  const d = spec.width;
  const rows = (name: string) => g.input(name, 'F32', ['tokens', d]);
  const tables = rope === 'none' ? undefined : [rows(visionNames.cos), rows(visionNames.sin)];
  const turned = (x: Value) => (tables === undefined ? x : rotate(stage, x, tables, d));
  let residual = turned(rows(visionNames.tokens));
  if (block > 0) {
    const before = rows(visionNames.residual);
    residual = g.op('Add', [residual, rope === 'hidden-and-residual' ? turned(before) : before]);
  }
  g.op('Identity', [residual], { name: visionNames.nextResidual });
  const prefix = `backbone.layers.${block}`;
  const normed = rmsNorm(g, residual, parameters.plain(`${prefix}.norm.weight`));
  g.op('MatMul', [normed, parameters.linear(`${prefix}.mixer.in_proj.weight`)], { name: segmentNames.xz });
  g.output(visionNames.nextResidual, 'F32', ['tokens', d]);
  g.output(segmentNames.xz, 'F32', ['tokens', 2 * spec.innerWidth]);
  return g.model();
}

/** y → next_x: the output projection of a block's mixer, the mean of the directions folded into it */
export function vimLeaveStage(spec: VimSpec, weights: Weights, block: number): Uint8Array {
  const { g, parameters } = segment(`leave_${block}`, weights);
  const y = g.input(segmentNames.y, 'F32', ['tokens', spec.innerWidth]);
  g.op('MatMul', [y, parameters.linear(`backbone.layers.${block}.mixer.out_proj.weight`)], {
    name: visionNames.nextTokens,
  });
  g.output(visionNames.nextTokens, 'F32', ['tokens', spec.width]);
  return g.model();
}

/** Neighbouring channels are pairs: (a, b) → (a·cos - b·sin, b·cos + a·sin). */
function rotate({ g }: Stage, x: Value, [cos, sin]: readonly Value[], d: number): Value {
  const pairs = g.op('Reshape', [x, g.ints([-1, d / 2, 2])]);
  const [a, b] = g.ops('Split', [pairs, g.ints([1, 1])], 2, { attributes: { axis: 2 } });
  const turned = g.op('Concat', [g.op('Neg', [b]), a], { attributes: { axis: 2 } });
  const partner = g.op('Reshape', [turned, g.ints([-1, d])]);
  return g.op('Add', [g.op('Mul', [x, cos]), g.op('Mul', [partner, sin])]);
}

function pixelsOf({ g }: Stage, spec: PlainMambaSpec | VimSpec): Value {
  return g.input(visionNames.pixels, 'F32', [1, spec.inChannels, spec.imageHeight, spec.imageWidth]);
}

function endOfEmbedding({ g }: Stage, { width }: { readonly width: number }, tokens: Value): Uint8Array {
  g.op('Reshape', [tokens, g.ints([-1, width])], { name: visionNames.nextTokens });
  g.output(visionNames.nextTokens, 'F32', ['tokens', width]);
  return g.model();
}
