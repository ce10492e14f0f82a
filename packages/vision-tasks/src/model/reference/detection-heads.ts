/** The networks of Mask R-CNN and RetinaNet behind the backbone, one image or one set of regions at a time. */
import {
  addMaps,
  conv,
  deconv2x2,
  type FeatureMap,
  linear,
  normedConv,
  type Observer,
  type Parameters,
  relu,
} from '@vssm/core/reference';
import {
  type DetectorSpec,
  type MaskRcnnSpec,
  type RetinaNetSpec,
  retinaStackedConvs,
  roiHeadConvs,
} from '../spec.ts';
import { everySecond, nearest } from './resize.ts';

/**
 * Feature pyramid: 1x1 and 3x3 convolutions, each with BatchNorm and no activation, the sums going top-down by
 * nearest neighbour. Mask R-CNN appends a subsampled level; RetinaNet leaves the finest map out and appends two
 * convolutions of stride 2.
 *
 * @param maps the adapter's four maps
 * @returns five levels, finest first
 */
export function featurePyramid(
  parameter: Parameters,
  { kind }: Pick<DetectorSpec, 'kind'>,
  maps: readonly FeatureMap[],
  observe: Observer = () => {},
): readonly FeatureMap[] {
  const used = kind === 'maskrcnn' ? maps : maps.slice(1);
  const laterals = used.map((map, level) => {
    const lateral = normedConv(parameter, `neck.lateral_convs.${level}`, map, 1);
    observe(`lateral${level}_before_topdown`, lateral.values);
    return lateral;
  });
  for (let level = laterals.length - 1; level > 0; level--) {
    const finer = laterals[level - 1];
    laterals[level - 1] = addMaps(finer, nearest(laterals[level], finer.height, finer.width));
  }
  const outputs = laterals.map((lateral, level) =>
    normedConv(parameter, `neck.fpn_convs.${level}`, lateral, 3),
  );
  if (kind === 'maskrcnn') return [...outputs, everySecond(outputs.at(-1)!)];
  for (const level of [3, 4]) {
    outputs.push(normedConv(parameter, `neck.fpn_convs.${level}`, outputs.at(-1)!, 3, { stride: 2 }));
  }
  return outputs;
}

/** What a head says about every anchor of a level: channels anchor-major. */
export interface AnchorMaps {
  /** Class logits, [anchors · classes, H, W]; one class in the proposal network. */
  readonly scores: FeatureMap;
  /** Box deltas, [anchors · 4, H, W] */
  readonly deltas: FeatureMap;
}

/** Region proposal network on one level. */
export function proposalHead(parameter: Parameters, level: FeatureMap): AnchorMaps {
  const shared = relu(conv(parameter, 'rpn_head.rpn_conv', level, 3));
  return {
    scores: conv(parameter, 'rpn_head.rpn_cls', shared, 1),
    deltas: conv(parameter, 'rpn_head.rpn_reg', shared, 1),
  };
}

/** RetinaNet's two towers on one level. */
export function retinaHead(parameter: Parameters, level: FeatureMap): AnchorMaps {
  const tower = (branch: string) => {
    let x = level;
    for (let i = 0; i < retinaStackedConvs; i++)
      x = relu(conv(parameter, `bbox_head.${branch}.${i}.conv`, x, 3));
    return x;
  };
  return {
    scores: conv(parameter, 'bbox_head.retina_cls', tower('cls_convs'), 3),
    deltas: conv(parameter, 'bbox_head.retina_reg', tower('reg_convs'), 3),
  };
}

/** Mask R-CNN's box head (Shared4Conv1FC) on the 7x7 features of one region. */
export function boxHead(
  parameter: Parameters,
  { classes, boxFeatures }: MaskRcnnSpec,
  region: FeatureMap,
  observe: Observer = () => {},
): { readonly scores: Float64Array; readonly deltas: Float64Array } {
  const prefix = 'roi_head.bbox_head';
  let x = region;
  for (let i = 0; i < roiHeadConvs; i++) x = relu(normedConv(parameter, `${prefix}.shared_convs.${i}`, x, 3));
  observe('fc_in', x.values);
  const dense = (input: Float64Array, name: string, outputs: number) =>
    linear(
      input,
      parameter(`${prefix}.${name}.weight`),
      1,
      input.length,
      outputs,
      parameter(`${prefix}.${name}.bias`),
    );
  const features = dense(x.values, 'shared_fcs.0', boxFeatures);
  observe('fc_out_prerelu', features);
  const activated = features.map((value) => Math.max(0, value));
  return {
    /** [classes + 1] logits, the background last. */
    scores: dense(activated, 'fc_cls', classes + 1),
    /** [classes · 4] */
    deltas: dense(activated, 'fc_reg', 4 * classes),
  };
}

/** Mask head on the 14x14 features of one region: logits [classes, 28, 28]. */
export function maskHead(
  parameter: Parameters,
  region: FeatureMap,
  observe: Observer = () => {},
): FeatureMap {
  const prefix = 'roi_head.mask_head';
  let x = region;
  for (let i = 0; i < roiHeadConvs; i++) x = relu(conv(parameter, `${prefix}.convs.${i}.conv`, x, 3));
  const upsampled = deconv2x2(parameter, `${prefix}.upsample`, x);
  observe('upsample', upsampled.values);
  return conv(parameter, `${prefix}.conv_logits`, relu(upsampled), 1);
}

/** Anchors on each cell. */
export function anchorsPerCell({ anchors }: Pick<MaskRcnnSpec | RetinaNetSpec, 'anchors'>): number {
  return anchors.ratios.length * anchors.scales.length;
}
