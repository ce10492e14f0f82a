/**
 * The 3 x 3 convolutions of the detectors, for whoever has a kernel for them: their weights with BatchNorm folded in, and the
 * same in a row as a stage for whoever has none. Maps are [maps, height, width, channels], the cells as rows.
 */
import type { Weights } from '@vssm/core';
import { foldedBatchNorm, type GraphBuilder, segment, type Value } from '@vssm/graph';
import { retinaStackedConvs, roiHeadConvs } from '../model/spec.ts';
import { visionNames } from './names.ts';

/** A 3 x 3 convolution of stride 1, zero padded. */
export interface MapConv {
  /** [outputs, channels, 3, 3] */
  readonly weight: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
  readonly channels: number;
  readonly outputs: number;
  readonly activation: 'relu' | 'none';
}

type Activation = MapConv['activation'];

/** Of one level of the feature pyramid. */
export function pyramidConv(weights: Weights, level: number): MapConv {
  return normed(weights, `neck.fpn_convs.${level}`, 'none');
}

/** What the proposal network begins with on every level. */
export function proposalConv(weights: Weights): MapConv {
  return plain(weights, 'rpn_head.rpn_conv', 'relu');
}

/** What the box head begins with. */
export function boxConvs(weights: Weights): readonly MapConv[] {
  return Array.from({ length: roiHeadConvs }, (_, i) =>
    normed(weights, `roi_head.bbox_head.shared_convs.${i}`, 'relu'),
  );
}

/** What the mask head begins with. */
export function maskConvs(weights: Weights): readonly MapConv[] {
  return Array.from({ length: roiHeadConvs }, (_, i) =>
    plain(weights, `roi_head.mask_head.convs.${i}.conv`, 'relu'),
  );
}

/** All of a branch of RetinaNet's head, its outputs included. */
export function retinaConvs(weights: Weights, branch: 'cls' | 'reg'): readonly MapConv[] {
  const tower = Array.from({ length: retinaStackedConvs }, (_, i) =>
    plain(weights, `bbox_head.${branch}_convs.${i}.conv`, 'relu'),
  );
  return [...tower, plain(weights, `bbox_head.retina_${branch}`, 'none')];
}

/** maps → next_maps: convolutions one after the other */
export function mapConvsStage(convs: readonly MapConv[]): Uint8Array {
  const { g } = segment('map_convs', new Map());
  const axes = (channels: number) => ['maps', 'height', 'width', channels];
  const { channels } = convs[0];
  const { outputs } = convs.at(-1)!;
  let x = g.op('Transpose', [g.input(visionNames.maps, 'F32', axes(channels))], {
    attributes: { perm: [0, 3, 1, 2] },
  });
  for (const [i, conv] of convs.entries()) x = convolve(g, x, conv, i);
  g.op('Transpose', [x], { attributes: { perm: [0, 2, 3, 1] }, name: visionNames.nextMaps });
  g.output(visionNames.nextMaps, 'F32', axes(outputs));
  return g.model();
}

function convolve(g: GraphBuilder, x: Value, conv: MapConv, index: number): Value {
  const weight = g.weight(`weight${index}`, [conv.outputs, conv.channels, 3, 3], conv.weight);
  const bias = g.weight(`bias${index}`, [conv.outputs], conv.bias);
  const sum = g.op('Conv', [x, weight, bias], {
    attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
  });
  return conv.activation === 'relu' ? g.op('Relu', [sum]) : sum;
}

/** mmcv's ConvModule: `<name>.conv`, `<name>.bn`. */
function normed(weights: Weights, name: string, activation: Activation): MapConv {
  const { weight, bias } = foldedBatchNorm(weights, `${name}.conv`, `${name}.bn`);
  return { weight, bias, ...sidesOf(weights, `${name}.conv`), activation };
}

/** `<name>.weight` and `<name>.bias`. */
function plain(weights: Weights, name: string, activation: Activation): MapConv {
  const { data: weight } = weights.get(`${name}.weight`)!;
  const { data: bias } = weights.get(`${name}.bias`)!;
  return { weight, bias, ...sidesOf(weights, name), activation };
}

function sidesOf(weights: Weights, name: string): Pick<MapConv, 'channels' | 'outputs'> {
  const [outputs, channels] = weights.get(`${name}.weight`)!.shape;
  return { channels, outputs };
}
