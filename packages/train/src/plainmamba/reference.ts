/**
 * The loss of a micro-batch under a pruned PlainMamba and its gradient by every parameter, in float64: the oracle of the
 * training engine. The selection is taken as it falls, as for Vim; the BatchNorms of the stem go by the micro-batch's
 * own values, so its images cannot be taken one by one.
 */
import type { PruningPlan } from '@vssm/core';
import {
  chooseTokens,
  importance,
  type KeptTokens,
  keptRows,
  livePositions,
  zeroGone,
} from '@vssm/core/reference';
import { type PlainMambaSpec, sequenceLength } from '@vssm/families';
import {
  Gradients64,
  type Parameters64,
  pulledWhenRead,
  type ReferenceGradient,
  type ReferenceImages,
} from '../reference/gradients.ts';
import { add, crossEntropy, layerNorm, linear, scatterRows } from '../reference/layers.ts';
import { plainMambaLayer } from './reference-layer.ts';
import { referenceStem } from './reference-stem.ts';

/** The tokens between two layers. */
export interface Stream extends KeptTokens {
  /** [K, d] */
  readonly tokens: Float64Array;
}

/** See TrainingFamily.reference. */
export function plainMambaReference(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  { images, targets, samples }: ReferenceImages,
): ReferenceGradient {
  const gradients = new Gradients64();
  const blocks = plainMambaBackbone(spec, parameters, plan, images, samples, gradients);
  const all = blocks.images.map(({ last }, i) => classify(spec, parameters, last, targets[i], gradients));
  const found = {
    loss: all.reduce((sum, { loss }) => sum + loss, 0),
    logits: all.map(({ logits }) => logits),
    kept: blocks.images.map(({ kept }) => kept),
    statistics: blocks.statistics,
  };
  return pulledWhenRead(found, () => {
    blocks.pullback(
      all.map(() => new Map()),
      all.map(({ pullback }) => pullback()),
    );
    return gradients.all;
  });
}

/** What the layers give of one image. */
export interface BackboneImage {
  /** The tokens as they leave each layer, before a step there. */
  readonly leaving: readonly Stream[];
  /** What the last layer lets go on. */
  readonly last: Stream;
  /** See ReferenceGradient. */
  readonly kept: ReadonlyMap<number, Int32Array>;
}

/** A micro-batch through stem and layers. */
export interface Backbone {
  readonly images: readonly BackboneImage[];
  readonly statistics: ReadonlyMap<string, Float64Array>;
  /**
   * Collects the parameters' gradients.
   *
   * @param dLeaving of each image, by layer, from 0
   * @param dLast of each image; absent: nobody reads what the last layer lets go on
   */
  pullback(dLeaving: readonly ReadonlyMap<number, Float64Array>[], dLast?: readonly Float64Array[]): void;
}

export function plainMambaBackbone(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  images: readonly ArrayLike<number>[],
  samples: readonly number[],
  gradients: Gradients64,
): Backbone {
  const stem = referenceStem(spec, parameters, images, gradients);
  const all = stem.tokens.map((tokens, i) =>
    throughLayers(spec, parameters, plan, tokens, samples[i], gradients),
  );
  return {
    images: all,
    statistics: stem.statistics,
    pullback: (dLeaving, dLast) =>
      stem.pullback(all.map((image, i) => image.pullback(dLeaving[i], dLast?.[i]))),
  };
}

interface PulledImage extends BackboneImage {
  /** → [L0, d] */
  pullback(dLeaving: ReadonlyMap<number, Float64Array>, dLast: Float64Array | undefined): Float64Array;
}

function throughLayers(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  embedded: Float64Array,
  sample: number,
  gradients: Gradients64,
): PulledImage {
  const { width: d } = spec;
  const fullLength = sequenceLength(spec);
  const kept = new Map<number, Int32Array>();
  const leaving: Stream[] = [];
  const pullbacks: ((d: Float64Array, dLeaving: ReadonlyMap<number, Float64Array>) => Float64Array)[] = [];
  let stream: Stream = {
    tokens: embedded,
    positions: Int32Array.from({ length: fullLength }, (_, cell) => cell),
  };
  for (let layer = 0; layer < spec.depth; layer++) {
    const before = stream;
    const result = plainMambaLayer(spec, parameters, plan, layer, before.tokens, before.positions, gradients);
    pullbacks.push((dTokens, dLeaving) => {
      const own = dLeaving.get(layer);
      const alive = zeroGone(own === undefined ? dTokens : add(dTokens, own), before);
      return add(alive, result.pullback(alive));
    });
    stream = { ...before, tokens: zeroGone(add(before.tokens, result.hidden), before) };
    leaving.push(stream);
    const step = plan.schedule.findIndex(({ after }) => after === layer + 1);
    if (step < 0) continue;
    const place = { spec, step, sample, fullLength, protectedTokens: new Int32Array(0) };
    const choice = chooseTokens(plan, step, importance(plan, place, result.signals, stream), stream);
    const { length } = stream.positions;
    pullbacks.push((dKept) =>
      choice.kept.live === undefined
        ? scatterRows(dKept, choice.chosen, d, length)
        : zeroGone(dKept, choice.kept),
    );
    stream = { ...choice.kept, tokens: keptRows(stream.tokens, choice, d) };
    kept.set(layer + 1, livePositions(stream));
  }
  return {
    leaving,
    last: stream,
    kept,
    pullback(dLeaving, dLast) {
      let dTokens = dLast ?? new Float64Array(stream.tokens.length);
      for (const pullback of pullbacks.toReversed()) dTokens = pullback(dTokens, dLeaving);
      return dTokens;
    },
  };
}

interface Classified {
  readonly loss: number;
  readonly logits: Float64Array;
  /** dL/dtokens [tokens, d]; the parameters' gradients are collected. */
  pullback(): Float64Array;
}

/** LayerNorm, the mean over the tokens that live, the classifier, and the loss. */
function classify(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  stream: Stream,
  target: ArrayLike<number>,
  gradients: Gradients64,
): Classified {
  const { width: d, classes } = spec;
  const parameter = (name: string) => parameters.get(name)!;
  const norm = layerNorm(
    stream.tokens,
    parameter('backbone.ln1.weight'),
    parameter('backbone.ln1.bias'),
    1e-6,
  );
  const count = livePositions(stream).length;
  const alive = zeroGone(norm.y, stream);
  const pooled = new Float64Array(d);
  for (const [i, value] of alive.entries()) pooled[i % d] += value / count;
  const head = linear(pooled, parameter('head.fc.weight'), d, classes, { bias: parameter('head.fc.bias') });
  const { loss, dLogits } = crossEntropy(head.y, target);
  return {
    loss,
    logits: head.y,
    pullback() {
      const dHead = head.pullback(dLogits);
      gradients.collect('head.fc.weight', dHead.weight);
      gradients.collect('head.fc.bias', dHead.bias);
      const dNorm = norm.pullback(
        zeroGone(
          norm.y.map((_, i) => dHead.x[i % d] / count),
          stream,
        ),
      );
      gradients.collect('backbone.ln1.weight', dNorm.weight);
      gradients.collect('backbone.ln1.bias', dNorm.bias);
      return dNorm.x;
    },
  };
}
