/**
 * The loss of images under a pruned Vim and its gradient by every parameter, in float64: the oracle of the training
 * engine. The selection is taken as it falls: kept tokens carry gradient, pruned ones (zeroed ones, under `mask`) do
 * not, and scores get none.
 */
import type { PruningPlan } from '@vssm/core';
import { chooseTokens, importance, keptRows, livePositions, zeroGone } from '@vssm/core/reference';
import { classTokenPosition, countRule, patchCount, patchGrid, type VimSpec } from '@vssm/families';
import {
  Gradients64,
  type Parameters64,
  type Pullback,
  type ReferenceGradient,
  type ReferenceImages,
} from '../reference/gradients.ts';
import { add, crossEntropy, linear, rmsNorm, scatterRows } from '../reference/layers.ts';
import { patchesOf } from './patches.ts';
import { type BlockResult, mambaBlock } from './reference-block.ts';

interface Sequence {
  /** [L, d], with every mixer's output so far added. */
  readonly residual: Float64Array;
  readonly positions: Int32Array;
  readonly classToken: number;
  readonly live?: Uint8Array;
}

/** See TrainingFamily.reference. */
export function vimReference(
  spec: VimSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  { images, targets, samples }: ReferenceImages,
): ReferenceGradient {
  const gradients = new Gradients64();
  const all = images.map((image, i) =>
    oneImage(spec, parameters, plan, image, targets[i], samples[i], gradients),
  );
  return {
    loss: all.reduce((sum, { loss }) => sum + loss, 0),
    logits: all.map(({ logits }) => logits),
    kept: all.map(({ kept }) => kept),
    gradients: gradients.all,
    statistics: new Map(),
  };
}

/** Loss, logits and kept positions of one image; its gradient is collected. */
function oneImage(
  spec: VimSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  image: ArrayLike<number>,
  target: ArrayLike<number>,
  sample: number,
  gradients: Gradients64,
): {
  readonly loss: number;
  readonly logits: Float64Array;
  readonly kept: ReadonlyMap<number, Int32Array>;
} {
  const { width: d } = spec;
  const parameter = (name: string) => parameters.get(name)!;
  const embedded = embed(spec, parameters, image, gradients);
  const kept = new Map<number, Int32Array>();
  const pullbacks: Pullback[] = [];

  let sequence: Sequence = {
    residual: embedded.tokens,
    positions: Int32Array.from({ length: patchCount(spec) + 1 }, (_, position) => position),
    classToken: classTokenPosition(spec),
  };
  for (let block = 0; block < spec.depth; block++) {
    const { residual, positions } = sequence;
    const result = mambaBlock(spec, parameters, plan, block, residual, positions, gradients);
    pullbacks.push((dStream) => add(dStream, result.pullback(dStream)));
    sequence = { ...sequence, residual: add(residual, result.hidden) };
    const step = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (step < 0) continue;
    const pruned = prune(spec, plan, result, sequence, step, sample);
    pullbacks.push(pruned.pullback);
    sequence = pruned.sequence;
    kept.set(block + 1, livePositions(sequence));
  }

  const { residual, classToken, positions } = sequence;
  const norm = rmsNorm(residual.slice(classToken * d, (classToken + 1) * d), parameter('norm_f.weight'));
  const head = linear(norm.y, parameter('head.weight'), d, spec.classes, { bias: parameter('head.bias') });
  const { loss, dLogits } = crossEntropy(head.y, target);

  const dHead = head.pullback(dLogits);
  gradients.collect('head.weight', dHead.weight);
  gradients.collect('head.bias', dHead.bias);
  const dNorm = norm.pullback(dHead.x);
  gradients.collect('norm_f.weight', dNorm.weight);
  let dStream = scatterRows(dNorm.x, [classToken], d, positions.length);
  for (const pullback of pullbacks.reverse()) dStream = pullback(dStream);
  embedded.pullback(dStream);
  return { loss, logits: head.y, kept };
}

/** Patches, the class token in their middle, and the position embedding over all of them: [L0, d]. */
function embed(
  spec: VimSpec,
  parameters: Parameters64,
  image: ArrayLike<number>,
  gradients: Gradients64,
): { readonly tokens: Float64Array; pullback(dTokens: Float64Array): void } {
  const { width: d } = spec;
  const { height, width } = patchGrid(spec);
  const patches = Float64Array.from(patchesOf(spec, image));
  const projection = linear(
    patches,
    parameters.get('patch_embed.proj.weight')!,
    patches.length / (height * width),
    d,
    { bias: parameters.get('patch_embed.proj.bias')! },
  );
  const middle = classTokenPosition(spec) * d;
  const tokens = new Float64Array(projection.y.length + d);
  tokens.set(projection.y.subarray(0, middle));
  tokens.set(parameters.get('cls_token')!, middle);
  tokens.set(projection.y.subarray(middle), middle + d);
  return {
    tokens: add(tokens, parameters.get('pos_embed')!),
    pullback(dTokens) {
      gradients.collect('pos_embed', dTokens);
      gradients.collect('cls_token', dTokens.slice(middle, middle + d));
      const dPatches = new Float64Array(projection.y.length);
      dPatches.set(dTokens.subarray(0, middle));
      dPatches.set(dTokens.subarray(middle + d), middle);
      const { weight, bias } = projection.pullback(dPatches);
      gradients.collect('patch_embed.proj.weight', weight);
      gradients.collect('patch_embed.proj.bias', bias);
    },
  };
}

/** Drops (or, under `mask`, zeroes) all but the best tokens; the gradient goes the same way back. */
function prune(
  spec: VimSpec,
  plan: PruningPlan,
  { signals }: BlockResult,
  sequence: Sequence,
  step: number,
  sample: number,
): { readonly sequence: Sequence; readonly pullback: Pullback } {
  const d = spec.width;
  const { residual, positions, classToken } = sequence;
  const protectedTokens = Int32Array.of(classToken);
  const place = { spec, step, sample, fullLength: patchCount(spec) + 1, protectedTokens };
  const scores = importance(plan, place, signals, sequence);
  const choice = chooseTokens(plan, step, scores, sequence, countRule(spec, plan), protectedTokens);
  const { chosen, kept } = choice;
  const after = { ...kept, residual: keptRows(residual, choice, d) };
  if (kept.live !== undefined) {
    return { sequence: { ...after, classToken }, pullback: (dStream) => zeroGone(dStream, kept) };
  }
  return {
    sequence: { ...after, classToken: chosen.indexOf(classToken) },
    pullback: (dKept) => scatterRows(dKept, chosen, d, positions.length),
  };
}
