/**
 * The loss of a micro-batch under an UperNet on a pruned PlainMamba and its gradient by every parameter, in float64: the
 * oracle of its training. UPerHead's BatchNorms go by the whole micro-batch.
 */
import type { PruningPlan } from '@vssm/core';
import { type PlainMambaSpec, plainMambaGrid } from '@vssm/families';
import { type UperNetSpec, visionReference } from '@vssm/vision-tasks';
import { type BackboneImage, plainMambaBackbone } from '../plainmamba/reference.ts';
import {
  Gradients64,
  type Parameters64,
  pulledWhenRead,
  type ReferenceGradient,
  type ReferenceImages,
} from '../reference/gradients.ts';
import { crossEntropy, layerNorm } from '../reference/layers.ts';
import { type CellShare, Tape, type TapeMap } from './tape.ts';
import { auxiliaryShare, normOfTap, tapEpsilon } from './upernet.ts';

/** See TrainingTask.reference; `logits` of an image are [H · W, classes]. */
export function uperNetReference(
  spec: UperNetSpec,
  backbone: PlainMambaSpec,
  parameters: Parameters64,
  plan: PruningPlan,
  { images, targets, samples }: ReferenceImages,
): ReferenceGradient {
  const gradients = new Gradients64();
  const blocks = plainMambaBackbone(backbone, parameters, plan, images, samples, gradients);
  const tape = new Tape(images.length, parameters, gradients);
  const taps = spec.backbone.taps.map((layer) => gridAfter(layer, backbone, blocks.images));
  const maps = taps.map(({ values }, tap) => {
    const layer = spec.backbone.taps[tap];
    const name = normOfTap(layer, backbone.depth);
    const own = (part: string) => parameters.get(`${name}.${part}`)!;
    const map = tape.map(plainMambaGrid(backbone), values);
    return { map, normed: tape.norm(name, map, layerNorm(values, own('weight'), own('bias'), tapEpsilon)) };
  });
  const normed = maps.map((one) => one.normed);
  const fused = uperHead(tape, spec, normed);
  const beside = tape.convModule('auxiliary_head.convs.0', normed[spec.auxiliary.tap], 3);
  const size = { height: backbone.imageHeight, width: backbone.imageWidth };
  const logits = resized(tape, tape.conv('decode_head.conv_seg', fused, 1), size);
  const auxiliary = resized(tape, tape.conv('auxiliary_head.conv_seg', beside, 1), size);
  const loss =
    pixelLoss(logits, targets, spec.head.classes, 1) +
    pixelLoss(auxiliary, targets, spec.head.classes, auxiliaryShare);
  const each = logits.values.length / images.length;
  const found = {
    loss,
    logits: images.map((_, i) => logits.values.slice(i * each, (i + 1) * each)),
    kept: blocks.images.map(({ kept }) => kept),
    statistics: new Map([...blocks.statistics, ...tape.statistics]),
  };
  return pulledWhenRead(found, () => {
    tape.backward();
    const dLeaving = blocks.images.map(() => new Map<number, Float64Array>());
    for (const [tap, { map }] of maps.entries()) taps[tap].pullback(map.gradient, dLeaving);
    blocks.pullback(dLeaving);
    return gradients.all;
  });
}

interface Grid {
  /** [images · cells, d] */
  readonly values: Float64Array;
  /** Adds what comes back to the streams' gradients, by image and layer. */
  pullback(gradient: Float64Array, dLeaving: readonly Map<number, Float64Array>[]): void;
}

/** Every cell's token as it last was, after a layer. */
function gridAfter(layer: number, spec: PlainMambaSpec, images: readonly BackboneImage[]): Grid {
  const { height, width } = plainMambaGrid(spec);
  const { width: d } = spec;
  const cells = height * width;
  /** Of every cell of every image: the layer and the token. */
  const from = images.map(({ leaving }) => {
    const last: (readonly [layer: number, token: number])[] = [];
    for (const [at, { positions, live }] of leaving.slice(0, layer + 1).entries()) {
      for (const [token, cell] of positions.entries()) if (live?.[token] !== 0) last[cell] = [at, token];
    }
    return last;
  });
  const values = new Float64Array(images.length * cells * d);
  for (const [image, last] of from.entries()) {
    for (const [cell, [at, token]] of last.entries()) {
      const { tokens } = images[image].leaving[at];
      values.set(tokens.subarray(token * d, (token + 1) * d), (image * cells + cell) * d);
    }
  }
  return {
    values,
    pullback(gradient, dLeaving) {
      for (const [image, last] of from.entries()) {
        for (const [cell, [at, token]] of last.entries()) {
          const own = dLeaving[image].get(at) ?? new Float64Array(images[image].leaving[at].tokens.length);
          dLeaving[image].set(at, own);
          const first = (image * cells + cell) * d;
          for (let i = 0; i < d; i++) own[token * d + i] += gradient[first + i];
        }
      }
    },
  };
}

function uperHead(tape: Tape, { head }: UperNetSpec, taps: readonly TapeMap[]): TapeMap {
  const block = (name: string, map: TapeMap, kernel: number) =>
    tape.convModule(`decode_head.${name}`, map, kernel);
  const top = taps[taps.length - 1];
  const pyramid = head.poolScales.map((side, i) => {
    const bins = tape.shared(top, { height: side, width: side }, poolShares(top, side));
    return resized(tape, block(`psp_modules.${i}.1`, bins, 1), top);
  });
  const laterals = [
    ...taps.slice(0, -1).map((tap, i) => block(`lateral_convs.${i}`, tap, 1)),
    block('bottleneck', tape.concat([top, ...pyramid]), 3),
  ];
  for (let i = laterals.length - 1; i > 0; i--) laterals[i - 1] = tape.sum(laterals[i - 1], laterals[i]);
  const outputs = laterals.map((map, i) =>
    i === laterals.length - 1 ? map : block(`fpn_convs.${i}`, map, 3),
  );
  return block('fpn_bottleneck', tape.concat(outputs), 3);
}

function resized(tape: Tape, x: TapeMap, { height, width }: Pick<TapeMap, 'height' | 'width'>): TapeMap {
  const [rows, columns] = [
    visionReference.linearTaps(x.height, height),
    visionReference.linearTaps(x.width, width),
  ];
  const shares: CellShare[] = rows.flatMap((row, y) =>
    columns.flatMap((column, at) => {
      const to = y * width + at;
      const cell = (line: number, place: number) => line * x.width + place;
      return [
        { to, from: cell(row.first, column.first), share: (1 - row.weight) * (1 - column.weight) },
        { to, from: cell(row.first, column.second), share: (1 - row.weight) * column.weight },
        { to, from: cell(row.second, column.first), share: row.weight * (1 - column.weight) },
        { to, from: cell(row.second, column.second), share: row.weight * column.weight },
      ];
    }),
  );
  return tape.shared(x, { height, width }, shares);
}

/** Bins floor(i·in/out) … ceil((i + 1)·in/out) of both sides, as PyTorch's adaptive pooling cuts them. */
function poolShares({ height, width }: Pick<TapeMap, 'height' | 'width'>, side: number): CellShare[] {
  const bin = (size: number, i: number) => {
    const first = Math.floor((i * size) / side);
    return Array.from({ length: Math.ceil(((i + 1) * size) / side) - first }, (_, at) => first + at);
  };
  return Array.from({ length: side ** 2 }, (_, to) => {
    const rows = bin(height, Math.floor(to / side));
    const columns = bin(width, to % side);
    const share = 1 / (rows.length * columns.length);
    return rows.flatMap((row) => columns.map((column) => ({ to, from: row * width + column, share })));
  }).flat();
}

/** The mean over each image's pixels, summed over the images; fills the logits' gradient. */
function pixelLoss(
  { values, gradient, height, width }: TapeMap,
  targets: readonly ArrayLike<number>[],
  classes: number,
  scale: number,
): number {
  const pixels = height * width;
  let loss = 0;
  for (let row = 0; row < values.length / classes; row++) {
    const first = (row % pixels) * classes;
    const all = targets[Math.floor(row / pixels)];
    const target = Array.from({ length: classes }, (_, i) => all[first + i]);
    if (target.every((share) => share === 0)) continue;
    const one = crossEntropy(values.subarray(row * classes, (row + 1) * classes), target);
    loss += (scale / pixels) * one.loss;
    for (const [i, slope] of one.dLogits.entries()) gradient[row * classes + i] += (scale / pixels) * slope;
  }
  return loss;
}
