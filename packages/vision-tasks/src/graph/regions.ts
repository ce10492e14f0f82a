/**
 * Mask R-CNN's heads on regions. The regions of each pyramid level are an input of their own and may be none;
 * outputs are in the order of the levels. RoiAlign with half_pixel and sampling_ratio 0 is mmcv's aligned=True with
 * an adaptive number of samples.
 */
import type { Weights } from '@vssm/core';
import { encodeModel, float, linear, segment, type Value } from '@vssm/graph';
import { boxRoiSize, type MaskRcnnSpec, maskRoiSize, roiHeadConvs, roiLevels } from '../model/spec.ts';
import { conv, convModule, deconv2x2, mapAxes, relu, type Stage } from './convs.ts';
import { visionNames } from './names.ts';

/** p0 … p3, regions0 … regions3 → region_scores, region_deltas */
export function boxHeadStage(spec: MaskRcnnSpec, weights: Weights): Uint8Array {
  const stage = segment('box_head', weights);
  const { g, parameters } = stage;
  const prefix = 'roi_head.bbox_head';
  let x = regionFeatures(stage, spec, boxRoiSize);
  for (let i = 0; i < roiHeadConvs; i++) x = relu(stage, convModule(stage, `${prefix}.shared_convs.${i}`, x));
  const flat = g.op('Reshape', [x, g.ints([-1, spec.channels * boxRoiSize ** 2])]);
  const features = relu(stage, linear(g, parameters, flat, `${prefix}.shared_fcs.0`));
  linear(g, parameters, features, `${prefix}.fc_cls`, visionNames.regionScores);
  linear(g, parameters, features, `${prefix}.fc_reg`, visionNames.regionDeltas);
  g.output(visionNames.regionScores, 'F32', ['regions', spec.classes + 1]);
  g.output(visionNames.regionDeltas, 'F32', ['regions', 4 * spec.classes]);
  return encoded(stage);
}

/** p0 … p3, regions0 … regions3, labels → masks */
export function maskHeadStage(spec: MaskRcnnSpec, weights: Weights): Uint8Array {
  const stage = segment('mask_head', weights);
  const { g } = stage;
  const prefix = 'roi_head.mask_head';
  let x = regionFeatures(stage, spec, maskRoiSize);
  for (let i = 0; i < roiHeadConvs; i++) x = relu(stage, conv(stage, `${prefix}.convs.${i}.conv`, x));
  const upsampled = relu(stage, deconv2x2(stage, `${prefix}.upsample`, x));
  const logits = conv(stage, `${prefix}.conv_logits`, upsampled);
  const labels = g.op('Unsqueeze', [g.input(visionNames.labels, 'I64', ['regions']), g.ints([1])]);
  g.op('GatherND', [logits, labels], { attributes: { batch_dims: 1 }, name: visionNames.masks });
  g.output(visionNames.masks, 'F32', ['regions', 2 * maskRoiSize, 2 * maskRoiSize]);
  return encoded(stage);
}

/** ONNX Runtime has RoiAlign in its versions up to opset 21 only. */
function encoded({ g }: Stage): Uint8Array {
  return encodeModel({
    ir_version: 10,
    opset_import: [{ domain: '', version: 21 }],
    producer_name: 'vision-ssm-pruning',
    producer_version: '0.1.0',
    graph: g.graph(),
    metadata_props: [],
  });
}

/** [regions, channels, side, side], level after level */
function regionFeatures({ g }: Stage, spec: MaskRcnnSpec, side: number): Value {
  const parts = Array.from({ length: roiLevels }, (_, i) => {
    const level = g.input(visionNames.level(i), 'F32', mapAxes(visionNames.level(i), spec.channels));
    const regions = g.input(visionNames.regions(i), 'F32', [`regions${i}`, 4]);
    // One image at a time: every region reads image 0.
    const count = g.op('Shape', [regions], { attributes: { start: 0, end: 1 } });
    const images = g.op('Expand', [g.ints(0), count]);
    return g.op('RoiAlign', [level, regions, images], {
      attributes: {
        coordinate_transformation_mode: 'half_pixel',
        mode: 'avg',
        output_height: side,
        output_width: side,
        sampling_ratio: 0,
        spatial_scale: float(1 / spec.anchors.strides[i]),
      },
    });
  });
  return g.op('Concat', parts, { attributes: { axis: 0 } });
}
