/** The networks of detectors and segmenters in the float64 reference: slow, readable, and the oracle of every backend. */
import type { PruningPlan, Weights } from '@vssm/core';
import { parametersOf } from '@vssm/core/reference';
import type { AnchorStages, MaskRcnnStages } from './detect.ts';
import type { NumberMap } from './maps.ts';
import { visionReference } from './model/index.ts';
import {
  boxRoiSize,
  type MaskRcnnSpec,
  maskRoiSize,
  type RetinaNetSpec,
  roiLevels,
  type UperNetSpec,
  withInputSize,
} from './model/spec.ts';
import { regionLevels } from './region-levels.ts';
import type { SegmenterStages } from './segment.ts';

const {
  adapterBackbone,
  boxHead,
  featureMap,
  featurePyramid,
  maskHead,
  plainMambaBlocks,
  plainMambaTaps,
  proposalHead,
  retinaHead,
  roiAlign,
  uperHead,
  vimBlocks,
  vimNeck,
  vimTaps,
} = visionReference;

type FeatureMap = visionReference.FeatureMap;

const wide = ({ channels, height, width, values }: NumberMap): FeatureMap =>
  featureMap(channels, height, width, values);

/** @param sample stable index of the image; only the `random` signal depends on it */
export function referenceSegmenter(
  spec: UperNetSpec,
  weights: Weights,
  plan: PruningPlan,
  sample = 0,
): SegmenterStages {
  const parameter = parametersOf(weights);
  const run = { parameter, plan, sample, observe: () => {} };
  return {
    async logits(window) {
      const { backbone, head } = withInputSize(spec, window.height, window.width);
      const image = wide(window);
      if (backbone.family === 'plainmamba') {
        const blocks = plainMambaBlocks(backbone.spec, parameter, plan.alignment);
        return uperHead(parameter, head, plainMambaTaps(run, backbone, blocks, image));
      }
      const taps = vimTaps(run, backbone, vimBlocks(backbone.spec, parameter, plan), image);
      return uperHead(parameter, head, vimNeck(parameter, backbone.spec.patchSize, taps));
    },
  };
}

function pyramidStage(
  spec: MaskRcnnSpec | RetinaNetSpec,
  weights: Weights,
  plan: PruningPlan,
  sample: number,
): AnchorStages<NumberMap>['pyramid'] {
  const parameter = parametersOf(weights);
  const run = { parameter, plan, sample, observe: () => {} };
  return async (image) => {
    const { backbone } = withInputSize(spec, image.height, image.width);
    const blocks = plainMambaBlocks(backbone.spec, parameter, plan.alignment);
    return featurePyramid(parameter, spec, adapterBackbone(run, backbone, blocks, wide(image)));
  };
}

export function referenceRetinaNet(
  spec: RetinaNetSpec,
  weights: Weights,
  plan: PruningPlan,
  sample = 0,
): AnchorStages<NumberMap> {
  const parameter = parametersOf(weights);
  return {
    pyramid: pyramidStage(spec, weights, plan, sample),
    anchors: async (levels) => levels.map((level) => retinaHead(parameter, wide(level))),
  };
}

/**
 * Mask R-CNN's networks on float64.
 *
 * @param sample stable index of the image in its data set: what the `random` signal is drawn from
 */
export function referenceMaskRcnn(
  spec: MaskRcnnSpec,
  weights: Weights,
  plan: PruningPlan,
  sample = 0,
): MaskRcnnStages<NumberMap> {
  const parameter = parametersOf(weights);
  /** The features of every region, from its own level. */
  const aligned = (levels: readonly NumberMap[], regions: Float64Array, side: number): FeatureMap[] => {
    const maps = levels.slice(0, roiLevels).map(wide);
    return [...regionLevels(regions)].map((level, i) => {
      const box = regions.subarray(4 * i, 4 * i + 4);
      return roiAlign(maps[level], box, spec.anchors.strides[level], side);
    });
  };
  return {
    pyramid: pyramidStage(spec, weights, plan, sample),
    anchors: async (levels) => levels.map((level) => proposalHead(parameter, wide(level))),
    async boxes(levels, regions) {
      const outputs = aligned(levels, regions, boxRoiSize).map((region) => boxHead(parameter, spec, region));
      return {
        scores: joined(outputs.map(({ scores }) => scores)),
        deltas: joined(outputs.map(({ deltas }) => deltas)),
      };
    },
    async masks(levels, regions, labels) {
      const logits = aligned(levels, regions, maskRoiSize).map((region, i) => {
        const { height, width, values } = maskHead(parameter, region);
        const area = height * width;
        return values.slice(labels[i] * area, (labels[i] + 1) * area);
      });
      return joined(logits);
    },
  };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
