/**
 * The detectors' heads cut where kernels take over: what stands before, between and after their 3 x 3 convolutions
 * (map-convs.ts) and RoIAlign. In one piece they are in pyramid.ts and regions.ts. Maps are rows of cells in raster order.
 */
import type { Weights } from '@vssm/core';
import { linear, segment, type Value } from '@vssm/graph';
import { visionReference } from '../model/index.ts';
import {
  boxRoiSize,
  type DetectorSpec,
  type MaskRcnnSpec,
  maskRoiSize,
  type RetinaNetSpec,
} from '../model/spec.ts';
import { convModule, type Stage } from './convs.ts';
import { visionNames } from './names.ts';
import { featurePyramid, laterals, proposalHead, retinaHead } from './pyramid.ts';

/** f0 … f3 → laterals, [cells, channels] each (RetinaNet does not read f0) */
export function lateralsStage(spec: DetectorSpec, weights: Weights): Uint8Array {
  const stage = segment('laterals', weights);
  const { g } = stage;
  for (const [i, lateral] of laterals(stage, spec).entries()) {
    rowsOfMap(stage, lateral, spec.channels, visionNames.lateral(i));
    g.output(visionNames.lateral(i), 'F32', [`cells${i}`, spec.channels]);
  }
  return g.model();
}

/** f0 … f3 → p0 … p4, [cells, channels] each, for whoever has no kernel for the convolutions (RetinaNet does not read f0) */
export function pyramidRowsStage(spec: DetectorSpec, weights: Weights): Uint8Array {
  const stage = segment('pyramid_rows', weights);
  for (const [i, level] of featurePyramid(stage, spec).entries()) {
    rowsOfMap(stage, level, spec.channels, visionNames.level(i));
    stage.g.output(visionNames.level(i), 'F32', [`cells${i}`, spec.channels]);
  }
  return stage.g.model();
}

/** RetinaNet's p2 [1, H, W, channels] → p3, p4, [cells, channels] each: convolutions of stride 2 */
export function coarserLevelsStage({ channels }: RetinaNetSpec, weights: Weights): Uint8Array {
  const stage = segment('coarser_levels', weights);
  const { g } = stage;
  const finer = g.input(visionNames.level(2), 'F32', [1, 'height', 'width', channels]);
  let level = g.op('Transpose', [finer], { attributes: { perm: [0, 3, 1, 2] } });
  for (const i of [3, 4]) {
    level = convModule(stage, `neck.fpn_convs.${i}`, level, { stride: 2 });
    rowsOfMap(stage, level, channels, visionNames.level(i));
    g.output(visionNames.level(i), 'F32', [`cells${i}`, channels]);
  }
  return g.model();
}

/** maps [cells, channels], after the proposal network's convolution → scores, deltas, channels first */
export function proposalOutputsStage({ channels }: MaskRcnnSpec, weights: Weights): Uint8Array {
  const stage = segment('proposal_outputs', weights);
  const { g } = stage;
  const shared = g.input(visionNames.maps, 'F32', ['cells', channels]);
  for (const [layer, output] of [
    ['rpn_head.rpn_cls', visionNames.scores(0)],
    ['rpn_head.rpn_reg', visionNames.deltas(0)],
  ]) {
    const { shape } = stage.parameters.tensor(`${layer}.weight`);
    g.op('Transpose', [linear(g, stage.parameters, shared, layer)], {
      attributes: { perm: [1, 0] },
      name: output,
    });
    g.output(output, 'F32', [shape[0], 'cells']);
  }
  return g.model();
}

/** maps [1, H, W, channels], one level → scores, deltas, [1, …, H, W], for whoever has no kernel for the convolutions */
export function anchorRowsStage(spec: DetectorSpec, weights: Weights): Uint8Array {
  const stage = segment('anchor_rows', weights);
  const { g } = stage;
  const rows = g.input(visionNames.maps, 'F32', [1, 'height', 'width', spec.channels]);
  const level = g.op('Transpose', [rows], { attributes: { perm: [0, 3, 1, 2] } });
  const [head, classes] =
    spec.kind === 'maskrcnn' ? [proposalHead, 1] : ([retinaHead, spec.classes] as const);
  const { scores, deltas } = head(stage, level);
  const anchors = visionReference.anchorsPerCell(spec);
  for (const [value, output, channels] of [
    [scores, visionNames.scores(0), anchors * classes],
    [deltas, visionNames.deltas(0), anchors * 4],
  ] as const) {
    g.op('Identity', [value], { name: output });
    g.output(output, 'F32', [1, channels, 'height', 'width']);
  }
  return g.model();
}

/** maps [cells, channels] → next_maps [channels, cells] */
export function channelsFirstStage(channels: number): Uint8Array {
  const { g } = segment('channels_first', new Map());
  const rows = g.input(visionNames.maps, 'F32', ['cells', channels]);
  g.op('Transpose', [rows], { attributes: { perm: [1, 0] }, name: visionNames.nextMaps });
  g.output(visionNames.nextMaps, 'F32', [channels, 'cells']);
  return g.model();
}

/** maps [regions, 49 · channels], cells first, after the box head's convolutions → region_scores, region_deltas */
export function boxOutputsStage(spec: MaskRcnnSpec, weights: Weights): Uint8Array {
  const stage = segment('box_outputs', weights);
  const { g, parameters } = stage;
  const prefix = 'roi_head.bbox_head';
  const cells = boxRoiSize ** 2;
  const flat = g.input(visionNames.maps, 'F32', ['regions', cells * spec.channels]);
  // Upstream's inputs are channels first: c · cells + cell.
  const { data } = parameters.tensor(`${prefix}.shared_fcs.0.weight`);
  const inputs = cells * spec.channels;
  const weight = parameters.derived('fc.weight', [inputs, spec.boxFeatures], () =>
    data.map((_, i) => {
      const [input, output] = [Math.floor(i / spec.boxFeatures), i % spec.boxFeatures];
      const [cell, channel] = [Math.floor(input / spec.channels), input % spec.channels];
      return data[output * inputs + channel * cells + cell];
    }),
  );
  const sum = g.op('Add', [g.op('MatMul', [flat, weight]), parameters.plain(`${prefix}.shared_fcs.0.bias`)]);
  const features = g.op('Relu', [sum]);
  linear(g, parameters, features, `${prefix}.fc_cls`, visionNames.regionScores);
  linear(g, parameters, features, `${prefix}.fc_reg`, visionNames.regionDeltas);
  g.output(visionNames.regionScores, 'F32', ['regions', spec.classes + 1]);
  g.output(visionNames.regionDeltas, 'F32', ['regions', 4 * spec.classes]);
  return g.model();
}

/**
 * maps [regions · 196, channels], after the mask head's convolutions, labels → masks. Of the 80 classes' logits only those
 * of a region's own are computed.
 */
export function maskOutputsStage({ channels, classes }: MaskRcnnSpec, weights: Weights): Uint8Array {
  const stage = segment('mask_outputs', weights);
  const { g, parameters } = stage;
  const prefix = 'roi_head.mask_head';
  const side = maskRoiSize;
  const rows = g.input(visionNames.maps, 'F32', ['cells', channels]);
  const labels = g.input(visionNames.labels, 'I64', ['regions']);
  // A transposed convolution of kernel and stride 2 is one product: [channels, outputs, 2, 2] → [channels, 4 · outputs].
  const { data } = parameters.tensor(`${prefix}.upsample.weight`);
  const weight = parameters.derived('upsample.weight', [channels, 4 * channels], () =>
    data.map((_, i) => {
      const [input, place, output] = [
        Math.floor(i / (4 * channels)),
        Math.floor(i / channels) % 4,
        i % channels,
      ];
      return data[(input * channels + output) * 4 + place];
    }),
  );
  const bias = parameters.derived('upsample.bias', [4 * channels], () => {
    const own = parameters.tensor(`${prefix}.upsample.bias`).data;
    return Float32Array.from({ length: 4 * channels }, (_, i) => own[i % channels]);
  });
  const upsampled = g.op('Relu', [g.op('Add', [g.op('MatMul', [rows, weight]), bias])]);
  const perRegion = g.op('Reshape', [upsampled, g.ints([-1, 4 * side * side, channels])]);
  const logits = parameters.plain(`${prefix}.conv_logits.weight`, [classes, channels, 1]);
  const own = g.op('Gather', [logits, labels], { attributes: { axis: 0 } });
  const offset = g.op('Gather', [parameters.plain(`${prefix}.conv_logits.bias`, [classes, 1, 1]), labels], {
    attributes: { axis: 0 },
  });
  const values = g.op('Add', [g.op('MatMul', [perRegion, own]), offset]);
  const cells = g.op('Reshape', [values, g.ints([-1, side, side, 2, 2])]);
  const placed = g.op('Transpose', [cells], { attributes: { perm: [0, 1, 3, 2, 4] } });
  g.op('Reshape', [placed, g.ints([-1, 2 * side, 2 * side])], { name: visionNames.masks });
  g.output(visionNames.masks, 'F32', ['regions', 2 * side, 2 * side]);
  return g.model();
}

/** Map [1, C, H, W] → rows [H · W, C] */
function rowsOfMap({ g }: Stage, map: Value, channels: number, name: string): void {
  const last = g.op('Transpose', [map], { attributes: { perm: [0, 2, 3, 1] } });
  g.op('Reshape', [last, g.ints([-1, channels])], { name });
}
