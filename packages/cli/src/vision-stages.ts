/**
 * The ONNX stages of a detector or segmenter, in running order; each is encoded when asked for. The CPU backend cuts those
 * of a detector further, where kernels of its own take over.
 */
import type { PruningPlan, Weights } from '@vssm/core';
import { modelSegments } from '@vssm/families/graph';
import type { DetectorSpec, UperNetSpec, VisionSpec } from '@vssm/vision-tasks';
import {
  adapterMapsStage,
  boxHeadStage,
  extractorStage,
  featurePyramidStage,
  geluStage,
  injectorStage,
  maskHeadStage,
  plainMambaEmbedStage,
  plainMambaEnterStage,
  plainMambaLeaveStage,
  proposalStage,
  retinaStage,
  spatialPriorStage,
  uperHeadStage,
  vimEmbedStage,
  vimEnterStage,
  vimLeaveStage,
} from '@vssm/vision-tasks/graph';

export interface VisionStage {
  readonly name: string;
  /** What happens between this stage and the next, outside ONNX. */
  readonly joinedBy: string;
  encode(): Uint8Array;
}

const convolution = 'the causal convolutions of every direction turn xz into u';
const scan = 'the selective scans of every direction, summed and gated, turn u, projected and delta into y';
const nothing = 'nothing; the next stage reads the outputs';

/** @param spec with the input size that the embedding is for */
export function visionStages(spec: VisionSpec, weights: Weights, plan: PruningPlan): readonly VisionStage[] {
  return spec.kind === 'upernet' ? segmenter(spec, weights, plan) : detector(spec, weights, plan);
}

function segmenter(spec: UperNetSpec, weights: Weights, plan: PruningPlan): VisionStage[] {
  const { backbone } = spec;
  const embed =
    backbone.family === 'plainmamba'
      ? () => plainMambaEmbedStage(backbone.spec, weights)
      : () => vimEmbedStage(backbone.spec, weights);
  return [
    { name: 'embed', joinedBy: nothing, encode: embed },
    ...Array.from({ length: backbone.spec.depth }, (_, block) =>
      layer(backbone, weights, plan, block, backbone.taps.includes(block)),
    ).flat(),
    {
      name: 'head',
      joinedBy:
        'the logits are resized to the image (windows are averaged first) and the best class is taken',
      encode: () => uperHeadStage(spec, weights),
    },
  ];
}

function detector(spec: DetectorSpec, weights: Weights, plan: PruningPlan): VisionStage[] {
  const { backbone } = spec;
  const own = { family: 'plainmamba', spec: backbone.spec } as const;
  return [
    { name: 'embed', joinedBy: nothing, encode: () => plainMambaEmbedStage(backbone.spec, weights) },
    { name: 'prior', joinedBy: nothing, encode: () => spatialPriorStage(backbone, weights) },
    ...backbone.interactions.flatMap(([first, last], block): VisionStage[] => [
      { name: `injector_${block}`, joinedBy: nothing, encode: () => injectorStage(backbone, weights, block) },
      ...Array.from({ length: last - first + 1 }, (_, i) =>
        layer(own, weights, plan, first + i, first + i === last),
      ).flat(),
      {
        name: `extractor_${block}`,
        joinedBy: nothing,
        encode: () => extractorStage(backbone, weights, block),
      },
    ]),
    { name: 'maps', joinedBy: nothing, encode: () => adapterMapsStage(backbone, weights) },
    { name: 'pyramid', joinedBy: nothing, encode: () => featurePyramidStage(spec, weights) },
    ...heads(spec, weights),
  ];
}

function heads(spec: DetectorSpec, weights: Weights): VisionStage[] {
  if (spec.kind === 'retinanet') {
    const joinedBy =
      'the best anchors of each level are decoded by their deltas, then NMS makes the detections';
    return [{ name: 'anchors', joinedBy, encode: () => retinaStage(spec, weights) }];
  }
  return [
    {
      name: 'anchors',
      joinedBy:
        'the best anchors of each level are decoded by their deltas, NMS makes proposals, each gets its level',
      encode: () => proposalStage(spec, weights),
    },
    {
      name: 'boxes',
      joinedBy: 'proposals are decoded by their deltas, NMS makes the detections, each gets its level',
      encode: () => boxHeadStage(spec, weights),
    },
    {
      name: 'masks',
      joinedBy: 'each mask is pasted into its box in the image and thresholded',
      encode: () => maskHeadStage(spec, weights),
    },
  ];
}

/** @param whole whether the head or an extractor reads the whole grid after this block */
function layer(
  backbone:
    | UperNetSpec['backbone']
    | { readonly family: 'plainmamba'; readonly spec: DetectorSpec['backbone']['spec'] },
  weights: Weights,
  plan: PruningPlan,
  block: number,
  whole: boolean,
): VisionStage[] {
  const plainMamba = backbone.family === 'plainmamba';
  const convolved = plainMamba && backbone.spec.depthwiseLayers.includes(block);
  const pruned = plan.schedule.some(({ after }) => after === block + 1);
  const rest = [
    ...(pruned ? ['the best-scored tokens are kept'] : []),
    ...(whole ? ['pruned cells are put back into the whole grid'] : []),
  ];
  const end = rest.length === 0 ? nothing : rest.join('; ');
  const leave: VisionStage = {
    name: `leave_${block}`,
    joinedBy: convolved ? "the layer's 3x3 depthwise convolution turns next_x into the next x" : end,
    encode: plainMamba
      ? () => plainMambaLeaveStage(backbone.spec, weights, block)
      : () => vimLeaveStage(backbone.spec, weights, block),
  };
  return [
    {
      name: `enter_${block}`,
      joinedBy: convolution,
      encode: plainMamba
        ? () => plainMambaEnterStage(backbone.spec, weights, block)
        : () => vimEnterStage(backbone, weights, block),
    },
    {
      name: `projections_${block}`,
      joinedBy: scan,
      encode: () => modelSegments(backbone.spec, blockWeights(plainMamba, weights), plan).projections(block),
    },
    leave,
    ...(convolved
      ? [{ name: `gelu_${block}`, joinedBy: end, encode: () => geluStage(backbone.spec.width) }]
      : []),
  ];
}

/** In the classifier's names: Vim's have no prefix there. */
function blockWeights(plainMamba: boolean, weights: Weights): Weights {
  const prefix = 'backbone.';
  const own = [...weights].filter(([name]) => name.startsWith(`${prefix}layers.`));
  return new Map(plainMamba ? own : own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
