/** Training an UperNet on a PlainMamba. */
import { UserError } from '@vssm/core';
import type { PlainMambaSpec } from '@vssm/families';
import { type UperNetSpec, visionParameters, visionTensors } from '@vssm/vision-tasks';
import type { WeightNames } from '../engine/flat-parameters.ts';
import type { TrainingTask } from '../task.ts';
import { uperNetTrace } from './head.ts';
import { uperNetReference } from './reference.ts';

/** @throws UserError for an UperNet on another family */
export function segmentation(spec: UperNetSpec): TrainingTask {
  const { backbone, head } = spec;
  if (backbone.family !== 'plainmamba') {
    throw new UserError(`an UperNet on ${backbone.family} has no gradients here; choose one on plainmamba`);
  }
  const { imageHeight, imageWidth } = backbone.spec;
  return {
    backbone: backbone.spec,
    classes: head.classes,
    answers: imageHeight * imageWidth,
    taps: backbone.taps,
    head: (shape) => uperNetTrace(spec, shape),
    headWeights: headWeights(spec, backbone.spec),
    headStatistics: headStatistics(spec),
    reference: (parameters, plan, images) => uperNetReference(spec, backbone.spec, parameters, plan, images),
  };
}

/** Heads and the taps' norms: what a classifier's backbone does not have. */
const ofHead = /^(decode_head|auxiliary_head|backbone\.norm_layer\d+|backbone\.ln1)\./;

function headWeights(spec: UperNetSpec, { depth }: PlainMambaSpec): WeightNames {
  const own = [...visionParameters(spec)].filter(([name]) => ofHead.test(name));
  const last = `backbone.layers.${depth - 1}.mamba.out_proj`;
  return {
    out_proj: `${last}.weight`,
    out_bias: `${last}.bias`,
    ...Object.fromEntries(own.map(([name, shape]) => [name, [name, shapeInTrace(name, shape)] as const])),
  };
}

/** A convolution's two axes of taps are one, and none in the classifying ones. */
function shapeInTrace(name: string, shape: readonly number[]): readonly number[] {
  if (shape.length !== 4) return shape;
  const [outputs, inputs, height, width] = shape;
  return name.endsWith('conv_seg.weight') ? [outputs, inputs] : [outputs, inputs, height * width];
}

function headStatistics(spec: UperNetSpec): WeightNames {
  const parameters = visionParameters(spec);
  const own = [...visionTensors(spec).keys()].filter((name) => ofHead.test(name) && !parameters.has(name));
  return Object.fromEntries(own.map((name) => [name, name]));
}
