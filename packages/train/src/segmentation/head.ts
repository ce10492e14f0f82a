/**
 * UperNet behind a PlainMamba as one trace: the taps' norms, UPerHead, the auxiliary head, and cross-entropy per pixel at
 * the picture's size (mmseg). A pixel without a label has a target of zeros and takes no part.
 */
import { type PlainMambaSpec, plainMambaGrid } from '@vssm/families';
import type { UperNetSpec } from '@vssm/vision-tasks';
import { uperHeadInputs } from '@vssm/vision-tasks/graph';
import { Trace, type Value } from '../autodiff/trace.ts';
import type { HeadShape } from '../family.ts';
import { neighbourhoods, normedRelu, pooled, resized, tapsFirst } from '../maps.ts';
import { endOfLayer } from '../plainmamba/segments.ts';
import { streamNames, streamsOf } from '../task.ts';
import { auxiliaryShare, normOfTap, tapEpsilon } from './upernet.ts';

/** @param spec whose backbone is a PlainMamba */
export function uperNetTrace(spec: UperNetSpec, shape: HeadShape): Trace {
  const g = new Trace('head');
  const { head, auxiliary } = spec;
  const backbone = spec.backbone.spec as PlainMambaSpec;
  const maps = tapMaps(g, spec, backbone, shape);
  const { height, width } = { height: backbone.imageHeight, width: backbone.imageWidth };
  const rows = shape.batch * height * width;
  const pixels = (name: string, map: Value) =>
    g.reshape(resized(g, classified(g, name, map, head.classes), height, width), [rows, head.classes]);
  const logits = pixels('decode_head', uperHead(g, spec, maps));
  const beside = convModule(g, 'auxiliary_head.convs.0', maps[auxiliary.tap], auxiliary.channels, 3);
  const target = g.input('target', [rows, head.classes]);
  const scale = shape.scale / (height * width);
  g.output('logits', logits);
  g.output(
    'loss',
    g.add(
      g.crossEntropy(logits, target, scale),
      g.crossEntropy(pixels('auxiliary_head', beside), target, auxiliaryShare * scale),
    ),
  );
  return g;
}

/** Whole grids [B, H, W, d] after the taps' layers, normed. */
function tapMaps(
  g: Trace,
  { backbone: { taps } }: UperNetSpec,
  own: PlainMambaSpec,
  shape: HeadShape,
): Value[] {
  const { width: d, depth } = own;
  const { height, width } = plainMambaGrid(own);
  const leaving = new Map(
    shape.streams.map(({ block, rows }) => [block, g.input(streamNames.leaving(block), [rows, d])]),
  );
  leaving.set(depth - 1, endOfLayer(g, own, shape.rows, shape.selection));
  const all = [...shape.streams, { block: depth - 1, rows: shape.rows, prunes: false }];
  return taps.map((block, tap) => {
    const streams = streamsOf(all, block).map((stream) => leaving.get(stream.block)!);
    const cells = shape.batch * height * width;
    const tokens =
      streams.length === 1
        ? streams[0]
        : g.gatherRows(g.concat(streams, 0), g.rowNumbers(streamNames.cells(tap), cells));
    const norm = normOfTap(block, depth);
    const weights = ['weight', 'bias'].map((part) => g.input(`${norm}.${part}`, [d]));
    const normed = g.layerNorm(tokens, weights[0], weights[1], tapEpsilon);
    return g.reshape(normed, [shape.batch, height, width, d]);
  });
}

function uperHead(g: Trace, spec: UperNetSpec, taps: readonly Value[]): Value {
  const { channels, poolScales } = spec.head;
  const block = (name: string, map: Value, kernel: 1 | 3) =>
    convModule(g, `decode_head.${name}`, map, channels, kernel);
  const top = taps[taps.length - 1];
  const [batch, height, width, d] = top.shape;
  const bins = pooled(g, top, uperHeadInputs(spec).pooling.data);
  const parts = g.split(
    bins,
    1,
    poolScales.map((side) => side ** 2),
  );
  const pyramid = poolScales.map((side, i) => {
    const branch = block(`psp_modules.${i}.1`, g.reshape(parts[i], [batch, side, side, d]), 1);
    return resized(g, branch, height, width);
  });
  const laterals = [
    ...taps.slice(0, -1).map((tap, i) => block(`lateral_convs.${i}`, tap, 1)),
    block('bottleneck', g.concat([top, ...pyramid], 3), 3),
  ];
  for (let i = laterals.length - 1; i > 0; i--) laterals[i - 1] = g.add(laterals[i - 1], laterals[i]);
  const outputs = laterals.map((map, i) =>
    i === laterals.length - 1 ? map : block(`fpn_convs.${i}`, map, 3),
  );
  return block('fpn_bottleneck', g.concat(outputs, 3), 3);
}

/** mmcv's ConvModule: a convolution without bias, BatchNorm, ReLU. [B, H, W, C] → [B, H, W, outputs] */
function convModule(g: Trace, name: string, map: Value, outputs: number, kernel: 1 | 3): Value {
  const [batch, height, width, inputs] = map.shape;
  const rows = kernel === 1 ? g.reshape(map, [batch * height * width, inputs]) : neighbourhoods(g, map);
  const weight = tapsFirst(g, `${name}.conv.weight`, outputs, inputs, kernel ** 2);
  const names = {
    scale: `${name}.bn.weight`,
    offset: `${name}.bn.bias`,
    mean: `${name}.bn.running_mean`,
    variance: `${name}.bn.running_var`,
  };
  const normed = normedRelu(g, names, g.gemm(rows, weight, { transB: true }));
  return g.reshape(normed, [batch, height, width, outputs]);
}

/** The last convolution of a head: [B, H, W, C] → logits [B, H, W, classes] */
function classified(g: Trace, head: string, map: Value, classes: number): Value {
  const [batch, height, width, channels] = map.shape;
  const rows = g.reshape(map, [batch * height * width, channels]);
  const weight = g.input(`${head}.conv_seg.weight`, [classes, channels]);
  const logits = g.add(g.gemm(rows, weight, { transB: true }), g.input(`${head}.conv_seg.bias`, [classes]));
  return g.reshape(logits, [batch, height, width, classes]);
}
