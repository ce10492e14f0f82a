/** The detectors' networks on maps: feature pyramid, proposal network, RetinaNet's head. Sizes follow the inputs. */
import type { Weights } from '@vssm/core';
import { segment, type Value } from '@vssm/graph';
import { visionReference } from '../model/index.ts';
import {
  type DetectorSpec,
  type MaskRcnnSpec,
  pyramidLevels,
  type RetinaNetSpec,
  retinaStackedConvs,
} from '../model/spec.ts';
import { conv, convModule, mapAxes, relu, resize, type Stage, sizeOfMap } from './convs.ts';
import { visionNames } from './names.ts';

/** f0 … f3 → p0 … p4 (RetinaNet does not read f0) */
export function featurePyramidStage(spec: DetectorSpec, weights: Weights): Uint8Array {
  const stage = segment('feature_pyramid', weights);
  const { g } = stage;
  for (const [i, level] of featurePyramid(stage, spec).entries()) {
    g.op('Identity', [level], { name: visionNames.level(i) });
    g.output(visionNames.level(i), 'F32', mapAxes(visionNames.level(i), spec.channels));
  }
  return g.model();
}

/** All five levels, of the maps as inputs. */
export function featurePyramid(stage: Stage, spec: DetectorSpec): Value[] {
  const levels = laterals(stage, spec).map((lateral, i) => convModule(stage, `neck.fpn_convs.${i}`, lateral));
  if (spec.kind === 'maskrcnn') {
    const everySecond = { kernel_shape: [1, 1], strides: [2, 2] };
    levels.push(stage.g.op('MaxPool', [levels.at(-1)!], { attributes: everySecond }));
  } else {
    for (const i of [3, 4])
      levels.push(convModule(stage, `neck.fpn_convs.${i}`, levels.at(-1)!, { stride: 2 }));
  }
  return levels;
}

/** The maps as inputs, each brought to the pyramid's channels with the coarser ones added. */
export function laterals(stage: Stage, spec: DetectorSpec): Value[] {
  const { g } = stage;
  const d = spec.backbone.spec.width;
  const first = spec.kind === 'maskrcnn' ? 0 : 1;
  const all: Value[] = [];
  for (let i = first; i < 4; i++) {
    const map = g.input(visionNames.map(i), 'F32', mapAxes(visionNames.map(i), d));
    all.push(convModule(stage, `neck.lateral_convs.${i - first}`, map));
  }
  for (let i = all.length - 1; i > 0; i--) {
    const finer = all[i - 1];
    const coarser = resize(stage, all[i], 'nearest', sizeOfMap(stage, finer));
    all[i - 1] = g.op('Add', [finer, coarser]);
  }
  return all;
}

/** p0 … p4 → scores and deltas of every level */
export function proposalStage(spec: MaskRcnnSpec, weights: Weights): Uint8Array {
  return levelHead('proposals', spec, weights, 1, proposalHead);
}

export function proposalHead(stage: Stage, level: Value): AnchorValues {
  const shared = relu(stage, conv(stage, 'rpn_head.rpn_conv', level));
  return {
    scores: conv(stage, 'rpn_head.rpn_cls', shared),
    deltas: conv(stage, 'rpn_head.rpn_reg', shared),
  };
}

/** p0 … p4 → scores and deltas of every level */
export function retinaStage(spec: RetinaNetSpec, weights: Weights): Uint8Array {
  return levelHead('retina', spec, weights, spec.classes, retinaHead);
}

/** What a detector says of every anchor of a level. */
export interface AnchorValues {
  readonly scores: Value;
  readonly deltas: Value;
}

export function retinaHead(stage: Stage, level: Value): AnchorValues {
  const tower = (branch: string) => {
    let x = level;
    for (let i = 0; i < retinaStackedConvs; i++) {
      x = relu(stage, conv(stage, `bbox_head.${branch}.${i}.conv`, x));
    }
    return x;
  };
  return {
    scores: conv(stage, 'bbox_head.retina_cls', tower('cls_convs')),
    deltas: conv(stage, 'bbox_head.retina_reg', tower('reg_convs')),
  };
}

function levelHead(
  name: string,
  spec: DetectorSpec,
  weights: Weights,
  classes: number,
  head: (stage: Stage, level: Value) => AnchorValues,
): Uint8Array {
  const stage = segment(name, weights);
  const { g } = stage;
  const anchors = visionReference.anchorsPerCell(spec);
  for (let i = 0; i < pyramidLevels; i++) {
    const level = g.input(visionNames.level(i), 'F32', mapAxes(visionNames.level(i), spec.channels));
    const { scores, deltas } = head(stage, level);
    g.op('Identity', [scores], { name: visionNames.scores(i) });
    g.op('Identity', [deltas], { name: visionNames.deltas(i) });
    g.output(visionNames.scores(i), 'F32', mapAxes(visionNames.level(i), anchors * classes));
    g.output(visionNames.deltas(i), 'F32', mapAxes(visionNames.level(i), anchors * 4));
  }
  return g.model();
}
