/**
 * The loss of images under a pruned model of bidirectional blocks and its gradient by every parameter, in float64: the
 * oracle of the training engine. The selection is taken as it falls: kept tokens carry gradient, pruned ones (zeroed ones,
 * under `mask`) do not, and scores get none.
 */
import { indicesAmong, type PruningPlan } from '@vssm/core';
import {
  chooseTokens,
  gatherRows,
  importance,
  keptRows,
  livePositions,
  zeroGone,
} from '@vssm/core/reference';
import {
  type BidirectionalModel,
  type BidirectionalSpec,
  type BidirectionalTraits,
  fullLength,
  patchCount,
  readWidth,
  sequenceOrder,
  type TrainableSpec,
} from '@vssm/families';
import type { TrainingFamily } from '../family.ts';
import { Gradients64, type Parameters64, type Pullback, pulledWhenRead } from '../reference/gradients.ts';
import { add, crossEntropy, linear, rmsNorm, scatterRows } from '../reference/layers.ts';
import { patchesOf } from './patches.ts';
import { type BlockResult, mambaBlock } from './reference-block.ts';

interface Sequence {
  /** [L, d], with every mixer's output so far added. */
  readonly residual: Float64Array;
  readonly positions: Int32Array;
  /** Indices of the tokens that never leave. */
  readonly protectedTokens: Int32Array;
  readonly live?: Uint8Array;
}

/** See TrainingFamily.reference. */
export function bidirectionalGradient<Spec extends TrainableSpec & BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
): TrainingFamily<Spec>['reference'] {
  return (spec, parameters, plan, { images, targets, samples }) => {
    const gradients = new Gradients64();
    const all = images.map((image, i) =>
      oneImage(traits, spec, parameters, plan, image, targets[i], samples[i], gradients),
    );
    const found = {
      loss: all.reduce((sum, { loss }) => sum + loss, 0),
      logits: all.map(({ logits }) => logits),
      kept: all.map(({ kept }) => kept),
      statistics: new Map(),
    };
    return pulledWhenRead(found, () => {
      for (const { pullback } of all) pullback();
      return gradients.all;
    });
  };
}

/** Loss, logits and kept positions of one image; the pullback collects its gradient. */
function oneImage<Spec extends BidirectionalModel>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
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
  pullback(): void;
} {
  const embedded = embed(traits, spec, parameters, image, gradients);
  const kept = new Map<number, Int32Array>();
  const pullbacks: Pullback[] = [];

  let sequence: Sequence = {
    residual: embedded.tokens,
    positions: Int32Array.from({ length: fullLength(traits, spec) }, (_, position) => position),
    protectedTokens: Int32Array.from(traits.protectedTokens(spec)),
  };
  for (let block = 0; block < spec.depth; block++) {
    const { residual, positions } = sequence;
    const result = mambaBlock(traits, spec, parameters, plan, block, residual, positions, gradients);
    pullbacks.push((dStream) => add(dStream, result.pullback(dStream)));
    sequence = { ...sequence, residual: add(residual, result.hidden) };
    const step = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (step < 0) continue;
    const pruned = prune(traits, spec, plan, result, sequence, step, sample);
    pullbacks.push(pruned.pullback);
    sequence = pruned.sequence;
    kept.set(block + 1, livePositions(sequence));
  }

  const { residual, protectedTokens, positions } = sequence;
  const own = gatherRows(residual, protectedTokens, spec.width);
  const head = classify(traits, spec, parameters, own, gradients);
  const { loss, dLogits } = crossEntropy(head.logits, target);
  return {
    loss,
    logits: head.logits,
    kept,
    pullback() {
      let dStream = scatterRows(head.pullback(dLogits), protectedTokens, spec.width, positions.length);
      for (const pullback of pullbacks.toReversed()) dStream = pullback(dStream);
      embedded.pullback(dStream);
    },
  };
}

/** The protected tokens [R, d] through the last norm, the neck where there is one, and the classifier. */
function classify<Spec extends BidirectionalModel>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  parameters: Parameters64,
  own: Float64Array,
  gradients: Gradients64,
): { readonly logits: Float64Array; readonly pullback: Pullback } {
  const parameter = (name: string) => parameters.get(name)!;
  const norm = rmsNorm(own, parameter('norm_f.weight'));
  const neck = traits.reduction(spec) > 1 ? narrowed(traits, spec, parameters, norm.y, gradients) : undefined;
  const feature = neck?.y ?? norm.y;
  const head = linear(feature, parameter('head.weight'), feature.length, spec.classes, {
    bias: parameter('head.bias'),
  });
  return {
    logits: head.y,
    pullback(dLogits) {
      const dHead = head.pullback(dLogits);
      gradients.collect('head.weight', dHead.weight);
      gradients.collect('head.bias', dHead.bias);
      const dNorm = norm.pullback(neck?.pullback(dHead.x) ?? dHead.x);
      gradients.collect('norm_f.weight', dNorm.weight);
      return dNorm.x;
    },
  };
}

/** The neck: each token through one projection, and a norm over all that is left of them. */
function narrowed<Spec extends BidirectionalModel>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  parameters: Parameters64,
  tokens: Float64Array,
  gradients: Gradients64,
): { readonly y: Float64Array; readonly pullback: Pullback } {
  const neck = linear(tokens, parameters.get('neck.weight')!, spec.width, readWidth(traits, spec));
  const norm = rmsNorm(neck.y, parameters.get('norm_neck.weight')!);
  return {
    y: norm.y,
    pullback(dy) {
      const dNorm = norm.pullback(dy);
      gradients.collect('norm_neck.weight', dNorm.weight);
      const dNeck = neck.pullback(dNorm.x);
      gradients.collect('neck.weight', dNeck.weight);
      return dNeck.x;
    },
  };
}

/** Patches, the protected tokens at their places among them, and the position embedding: [L0, d]. */
function embed<Spec extends BidirectionalModel>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  parameters: Parameters64,
  image: ArrayLike<number>,
  gradients: Gradients64,
): { readonly tokens: Float64Array; pullback(dTokens: Float64Array): void } {
  const { width: d } = spec;
  const parameter = (name: string) => parameters.get(name)!;
  const apart = traits.positionEmbedding === 'apart';
  const patches = Float64Array.from(patchesOf(spec, image));
  const projection = linear(
    patches,
    parameter('patch_embed.proj.weight'),
    patches.length / patchCount(spec),
    d,
    { bias: parameter('patch_embed.proj.bias') },
  );
  const placed = apart ? add(projection.y, parameter('pos_embed')) : projection.y;
  const own = apart ? add(parameter('cls_token'), parameter('pos_embed_cls')) : parameter('cls_token');
  const numbered = new Float64Array(own.length + placed.length);
  numbered.set(own);
  numbered.set(placed, own.length);
  const order = sequenceOrder(traits, spec);
  const tokens = gatherRows(numbered, order, d);
  return {
    tokens: apart ? tokens : add(tokens, parameter('pos_embed')),
    pullback(dTokens) {
      const dNumbered = scatterRows(dTokens, order, d, order.length);
      const dOwn = dNumbered.slice(0, own.length);
      const dPlaced = dNumbered.slice(own.length);
      gradients.collect('cls_token', dOwn);
      gradients.collect('pos_embed', apart ? dPlaced : dTokens);
      if (apart) gradients.collect('pos_embed_cls', dOwn);
      const { weight, bias } = projection.pullback(dPlaced);
      gradients.collect('patch_embed.proj.weight', weight);
      gradients.collect('patch_embed.proj.bias', bias);
    },
  };
}

/** Drops (or, under `mask`, zeroes) all but the best tokens; the gradient goes the same way back. */
function prune<Spec extends BidirectionalModel>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  plan: PruningPlan,
  { signals }: BlockResult,
  sequence: Sequence,
  step: number,
  sample: number,
): { readonly sequence: Sequence; readonly pullback: Pullback } {
  const d = spec.width;
  const { residual, positions, protectedTokens } = sequence;
  const place = { spec, step, sample, fullLength: fullLength(traits, spec), protectedTokens };
  const scores = importance(plan, place, signals, sequence);
  const rule = traits.countRule(spec, plan);
  const choice = chooseTokens(plan, step, scores, sequence, rule, protectedTokens);
  const { chosen, kept } = choice;
  const after = { ...kept, residual: keptRows(residual, choice, d) };
  if (kept.live !== undefined) {
    return { sequence: { ...after, protectedTokens }, pullback: (dStream) => zeroGone(dStream, kept) };
  }
  return {
    sequence: { ...after, protectedTokens: indicesAmong(chosen, protectedTokens) },
    pullback: (dKept) => scatterRows(dKept, chosen, d, positions.length),
  };
}
