/**
 * Every tensor of a detector or segmenter with its shape, in upstream's names (the state dict's, without BatchNorm's
 * `num_batches_tracked`): a spec is also the list of what a checkpoint must hold.
 */
import { sizeOf } from '@vssm/core';
import { patchCount, plainMambaBuffers, plainMambaParameters, vimParameters } from '@vssm/families';
import { ParameterList } from './parameter-list.ts';
import {
  type AdapterSpec,
  boxRoiSize,
  extraExtractors,
  type MaskRcnnSpec,
  type PlainMambaTapsSpec,
  pyramidLevels,
  type RetinaNetSpec,
  retinaStackedConvs,
  roiHeadConvs,
  roiLevels,
  type UperNetSpec,
  type VimTapsSpec,
  type VisionSpec,
} from './spec.ts';

/** The trainable parameters. */
export function visionParameters(spec: VisionSpec): ReadonlyMap<string, readonly number[]> {
  return listOf(spec).parameters;
}

/** Everything a checkpoint must hold: parameters, BatchNorm statistics, rope tables. */
export function visionTensors(spec: VisionSpec): ReadonlyMap<string, readonly number[]> {
  const { parameters, buffers } = listOf(spec);
  return new Map([...parameters, ...buffers]);
}

/** Trainable parameters in all, the auxiliary head of the training included as upstream counts it. */
export function visionParameterCount(spec: VisionSpec): number {
  let total = 0;
  for (const shape of visionParameters(spec).values()) total += sizeOf(shape);
  return total;
}

function listOf(spec: VisionSpec): ParameterList {
  const list = new ParameterList();
  switch (spec.kind) {
    case 'upernet':
      addTaps(list, spec.backbone);
      addUperHead(list, spec);
      break;
    case 'maskrcnn':
      addAdapter(list, spec.backbone);
      addPyramid(list, spec);
      addProposalHead(list, spec);
      addBoxHead(list, spec);
      addMaskHead(list, spec);
      break;
    case 'retinanet':
      addAdapter(list, spec.backbone);
      addPyramid(list, spec);
      addRetinaHead(list, spec);
      break;
    default:
      throw spec satisfies never;
  }
  return list;
}

function addTaps(list: ParameterList, backbone: PlainMambaTapsSpec | VimTapsSpec): void {
  switch (backbone.family) {
    case 'plainmamba': {
      addPlainMamba(list, backbone);
      for (const tap of backbone.taps.slice(0, -1)) {
        list.norm(`backbone.norm_layer${tap}`, backbone.spec.width);
      }
      list.norm('backbone.ln1', backbone.spec.width);
      break;
    }
    case 'vim':
      addVim(list, backbone);
      break;
    default:
      throw backbone satisfies never;
  }
}

/** The backbone without its classifier and last norm. */
function addPlainMamba(list: ParameterList, { spec }: Pick<AdapterSpec, 'spec'>): void {
  for (const [name, shape] of plainMambaParameters(spec)) {
    if (!/^(head\.|backbone\.ln1\.)/.test(name)) list.add(name, shape);
  }
  for (const [name, shape] of plainMambaBuffers(spec)) list.buffer(name, shape);
}

/** Without class token and classifier; norm_f stays in the state dict whether it is used or not. */
function addVim(list: ParameterList, { spec, rope }: VimTapsSpec): void {
  const { width: d } = spec;
  const tokens = patchCount(spec);
  for (const [name, shape] of vimParameters(spec)) {
    if (/^(cls_token$|pos_embed$|head\.)/.test(name)) continue;
    list.add(`backbone.${name}`, shape);
  }
  list.add('backbone.pos_embed', [1, tokens, d]);
  if (rope !== 'none') {
    list.buffer('backbone.rope.freqs_cos', [tokens, d]);
    list.buffer('backbone.rope.freqs_sin', [tokens, d]);
  }
  list.transposed('backbone.fpn1.0', d, d, 2);
  if (spec.patchSize === 16) {
    list.batchNorm('backbone.fpn1.1', d);
    list.transposed('backbone.fpn1.3', d, d, 2);
    list.transposed('backbone.fpn2.0', d, d, 2);
  }
}

function addUperHead(list: ParameterList, { backbone, head, auxiliary }: UperNetSpec): void {
  const d = backbone.spec.width;
  const { channels, classes, poolScales } = head;
  const taps = backbone.taps.length;
  list.layer('decode_head.conv_seg', [classes, channels, 1, 1]);
  for (const scale of poolScales.keys()) {
    list.normedConv(`decode_head.psp_modules.${scale}.1`, channels, d, 1);
  }
  list.normedConv('decode_head.bottleneck', channels, d + poolScales.length * channels, 3);
  for (let level = 0; level < taps - 1; level++) {
    list.normedConv(`decode_head.lateral_convs.${level}`, channels, d, 1);
    list.normedConv(`decode_head.fpn_convs.${level}`, channels, channels, 3);
  }
  list.normedConv('decode_head.fpn_bottleneck', channels, taps * channels, 3);
  list.layer('auxiliary_head.conv_seg', [classes, auxiliary.channels, 1, 1]);
  list.normedConv('auxiliary_head.convs.0', auxiliary.channels, d, 3);
}

function addAdapter(list: ParameterList, adapter: AdapterSpec): void {
  const { spec, stemWidth: n, interactions } = adapter;
  const d = spec.width;
  addPlainMamba(list, adapter);
  list.add('backbone.level_embed', [3, d]);
  const conv = (weight: string, batchNorm: string, outputs: number, inputs: number) => {
    list.layer(`backbone.spm.${weight}`, [outputs, inputs, 3, 3], { bias: false });
    list.batchNorm(`backbone.spm.${batchNorm}`, outputs);
  };
  conv('stem.0', 'stem.1', n, spec.inChannels);
  conv('stem.3', 'stem.4', n, n);
  conv('stem.6', 'stem.7', n, n);
  conv('conv2.0', 'conv2.1', 2 * n, n);
  conv('conv3.0', 'conv3.1', 4 * n, 2 * n);
  conv('conv4.0', 'conv4.1', 4 * n, 4 * n);
  for (const [level, inputs] of [n, 2 * n, 4 * n, 4 * n].entries()) {
    list.layer(`backbone.spm.fc${level + 1}`, [d, inputs, 1, 1]);
  }
  for (const block of interactions.keys()) {
    const prefix = `backbone.interactions.${block}`;
    list.add(`${prefix}.injector.gamma`, [d]);
    addAttention(list, `${prefix}.injector`, adapter, 3);
    addExtractor(list, `${prefix}.extractor`, adapter);
    if (block < interactions.length - 1) continue;
    for (let extra = 0; extra < extraExtractors; extra++) {
      addExtractor(list, `${prefix}.extra_extractors.${extra}`, adapter);
    }
  }
  list.transposed('backbone.up', d, d, 2);
  for (let level = 1; level <= 4; level++) list.batchNorm(`backbone.ad_norm${level}`, d);
}

function addAttention(
  list: ParameterList,
  prefix: string,
  { spec, heads, points }: AdapterSpec,
  levels: number,
): void {
  const d = spec.width;
  list.norm(`${prefix}.query_norm`, d);
  list.norm(`${prefix}.feat_norm`, d);
  list.layer(`${prefix}.attn.sampling_offsets`, [heads * levels * points * 2, d]);
  list.layer(`${prefix}.attn.attention_weights`, [heads * levels * points, d]);
  list.layer(`${prefix}.attn.value_proj`, [d, d]);
  list.layer(`${prefix}.attn.output_proj`, [d, d]);
}

function addExtractor(list: ParameterList, prefix: string, adapter: AdapterSpec): void {
  const d = adapter.spec.width;
  const hidden = feedForwardWidth(adapter);
  addAttention(list, prefix, adapter, 1);
  list.norm(`${prefix}.ffn_norm`, d);
  list.layer(`${prefix}.ffn.fc1`, [hidden, d]);
  list.layer(`${prefix}.ffn.dwconv.dwconv`, [hidden, 1, 3, 3]);
  list.layer(`${prefix}.ffn.fc2`, [d, hidden]);
}

/** Hidden channels of an extractor's feed-forward. */
export function feedForwardWidth({ spec, feedForwardRatio }: AdapterSpec): number {
  return Math.floor(spec.width * feedForwardRatio);
}

/** RetinaNet starts one level later and grows two more levels by convolutions of stride 2. */
function addPyramid(list: ParameterList, { kind, backbone, channels }: MaskRcnnSpec | RetinaNetSpec): void {
  const laterals = kind === 'maskrcnn' ? 4 : 3;
  const outputs = kind === 'maskrcnn' ? roiLevels : pyramidLevels;
  for (let level = 0; level < laterals; level++) {
    list.normedConv(`neck.lateral_convs.${level}`, channels, backbone.spec.width, 1);
  }
  for (let level = 0; level < outputs; level++) {
    list.normedConv(`neck.fpn_convs.${level}`, channels, channels, 3);
  }
}

function addProposalHead(list: ParameterList, { channels, anchors }: MaskRcnnSpec): void {
  const perCell = anchors.ratios.length * anchors.scales.length;
  list.layer('rpn_head.rpn_conv', [channels, channels, 3, 3]);
  list.layer('rpn_head.rpn_cls', [perCell, channels, 1, 1]);
  list.layer('rpn_head.rpn_reg', [4 * perCell, channels, 1, 1]);
}

function addBoxHead(list: ParameterList, { channels, classes, boxFeatures }: MaskRcnnSpec): void {
  const prefix = 'roi_head.bbox_head';
  list.layer(`${prefix}.fc_cls`, [classes + 1, boxFeatures]);
  list.layer(`${prefix}.fc_reg`, [4 * classes, boxFeatures]);
  for (let conv = 0; conv < roiHeadConvs; conv++) {
    list.normedConv(`${prefix}.shared_convs.${conv}`, channels, channels, 3);
  }
  list.layer(`${prefix}.shared_fcs.0`, [boxFeatures, channels * boxRoiSize ** 2]);
}

function addMaskHead(list: ParameterList, { channels, classes }: MaskRcnnSpec): void {
  const prefix = 'roi_head.mask_head';
  for (let conv = 0; conv < roiHeadConvs; conv++) {
    list.layer(`${prefix}.convs.${conv}.conv`, [channels, channels, 3, 3]);
  }
  list.transposed(`${prefix}.upsample`, channels, channels, 2);
  list.layer(`${prefix}.conv_logits`, [classes, channels, 1, 1]);
}

function addRetinaHead(list: ParameterList, { channels, classes, anchors }: RetinaNetSpec): void {
  const perCell = anchors.ratios.length * anchors.scales.length;
  for (const branch of ['cls_convs', 'reg_convs']) {
    for (let conv = 0; conv < retinaStackedConvs; conv++) {
      list.layer(`bbox_head.${branch}.${conv}.conv`, [channels, channels, 3, 3]);
    }
  }
  list.layer('bbox_head.retina_cls', [perCell * classes, channels, 3, 3]);
  list.layer('bbox_head.retina_reg', [perCell * 4, channels, 3, 3]);
}
