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
  type Pullback,
  pulledWhenRead,
  type ReferenceGradient,
  type ReferenceImages,
} from '../reference/gradients.ts';
import { add, crossEntropy, layerNorm, linear, scatterRows } from '../reference/layers.ts';
import { plainMambaLayer } from './reference-layer.ts';
import { referenceStem } from './reference-stem.ts';

/** The tokens between two layers. */
interface Stream extends KeptTokens {
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
  const stem = referenceStem(spec, parameters, images, gradients);
  const all = stem.tokens.map((tokens, i) =>
    oneImage(spec, parameters, plan, tokens, targets[i], samples[i], gradients),
  );
  const found = {
    loss: all.reduce((sum, { loss }) => sum + loss, 0),
    logits: all.map(({ logits }) => logits),
    kept: all.map(({ kept }) => kept),
    statistics: stem.statistics,
  };
  return pulledWhenRead(found, () => {
    stem.pullback(all.map(({ pullback }) => pullback()));
    return gradients.all;
  });
}

interface ImageResult {
  readonly loss: number;
  readonly logits: Float64Array;
  readonly kept: ReadonlyMap<number, Int32Array>;
  /** dL/dtokens [L0, d]; the parameters' gradients are collected. */
  pullback(): Float64Array;
}

function oneImage(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  embedded: Float64Array,
  target: ArrayLike<number>,
  sample: number,
  gradients: Gradients64,
): ImageResult {
  const { width: d } = spec;
  const fullLength = sequenceLength(spec);
  const kept = new Map<number, Int32Array>();
  const pullbacks: Pullback[] = [];
  let stream: Stream = {
    tokens: embedded,
    positions: Int32Array.from({ length: fullLength }, (_, cell) => cell),
  };
  for (let layer = 0; layer < spec.depth; layer++) {
    const before = stream;
    const result = plainMambaLayer(spec, parameters, plan, layer, before.tokens, before.positions, gradients);
    pullbacks.push((dTokens) => {
      const alive = zeroGone(dTokens, before);
      return add(alive, result.pullback(alive));
    });
    stream = { ...before, tokens: zeroGone(add(before.tokens, result.hidden), before) };
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
  const last = classify(spec, parameters, stream, target, gradients);
  return {
    loss: last.loss,
    logits: last.logits,
    kept,
    pullback() {
      let dTokens = last.pullback();
      for (const pullback of pullbacks.toReversed()) dTokens = pullback(dTokens);
      return dTokens;
    },
  };
}

/** LayerNorm, the mean over the tokens that live, the classifier, and the loss. */
function classify(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  stream: Stream,
  target: ArrayLike<number>,
  gradients: Gradients64,
): Omit<ImageResult, 'kept'> {
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
