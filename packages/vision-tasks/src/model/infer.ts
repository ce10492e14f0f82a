/**
 * The spec of a detector or segmenter from the names and shapes of its tensors, as upstream's checkpoints hold them. What shapes
 * cannot tell is upstream's choice: anchors, thresholds, four points per attention head, interaction blocks and
 * Vim's taps after every quarter of the depth; how Vim's taps are taken goes by its scripts (rope: residual, none:
 * mixer).
 */
import { sameShape, UserError } from '@vssm/core';
import {
  checkSpec,
  type PlainMambaSpec,
  plainMambaSpec,
  stemConvNames,
  type VimSpec,
  vimSpec,
} from '@vssm/families';
import { visionTensors } from './parameters.ts';
import {
  type AdapterSpec,
  type PlainMambaTapsSpec,
  type UperNetSpec,
  type VimTapsSpec,
  type VisionSpec,
  visionModels,
} from './spec.ts';

type Shape = readonly number[];
type Shapes = ReadonlyMap<string, Shape>;

/** Points per head and level in every published model. */
const points = 4;
/** Deeper models are refused: a file of a stranger may claim anything. */
const mostLayers = 512;

/**
 * @throws UserError where the tensors are of no such model, or do not fit one another
 */
export function inferVisionSpec(shapes: Shapes): VisionSpec {
  const spec = inferred(shapes);
  checkSpec(spec.backbone.spec);
  checkVisionTensors(spec, shapes);
  return spec;
}

/**
 * Whether tensors are those of a model: none missing, none of another shape.
 *
 * @throws UserError that lists what is wrong
 */
export function checkVisionTensors(spec: VisionSpec, shapes: Shapes): void {
  const problems: string[] = [];
  for (const [name, needed] of visionTensors(spec)) {
    const shape = shapes.get(name);
    if (shape === undefined) problems.push(`"${name}" is missing`);
    else if (!sameShape(shape, needed)) {
      problems.push(`"${name}" is [${shape.join(', ')}], needed is [${needed.join(', ')}]`);
    }
  }
  if (problems.length === 0) return;
  const more = problems.length > 10 ? `; and ${problems.length - 10} more` : '';
  throw new UserError(`${problems.slice(0, 10).join('; ')}${more}; is this another model's file?`);
}

function inferred(shapes: Shapes): VisionSpec {
  if (shapes.has('roi_head.bbox_head.fc_cls.weight')) return inferMaskRcnn(shapes);
  if (shapes.has('bbox_head.retina_cls.weight')) return inferRetinaNet(shapes);
  if (shapes.has('decode_head.conv_seg.weight')) return inferUperNet(shapes);
  throw new UserError(
    'has none of "decode_head.conv_seg.weight" (UperNet), "roi_head.bbox_head.fc_cls.weight" (Mask R-CNN), "bbox_head.retina_cls.weight" (RetinaNet); is this a classifier?',
  );
}

function inferUperNet(shapes: Shapes): UperNetSpec {
  const backbone = shapes.has('backbone.patch_embed.projection.weight')
    ? plainMambaTaps(shapes)
    : vimTaps(shapes);
  const published =
    backbone.family === 'plainmamba'
      ? visionModels['plainmamba-l1-upernet']
      : visionModels['vim-tiny-upernet'];
  const [classes, channels] = axes(shapes, 'decode_head.conv_seg.weight', 4);
  const [auxiliaryChannels] = axes(shapes, 'auxiliary_head.convs.0.conv.weight', 4);
  const { imageHeight: crop } = backbone.spec;
  return {
    kind: 'upernet',
    backbone,
    head: { ...published.head, channels, classes },
    auxiliary: { ...published.auxiliary, channels: auxiliaryChannels },
    // Upstream overlaps the windows by a third.
    test:
      backbone.family === 'vim'
        ? { mode: 'slide', crop, stride: Math.floor((crop * 2) / 3) }
        : published.test,
  };
}

function inferMaskRcnn(shapes: Shapes): VisionSpec {
  const published = visionModels['plainmamba-l1-maskrcnn'];
  const [withBackground, boxFeatures] = axes(shapes, 'roi_head.bbox_head.fc_cls.weight', 2);
  const [channels] = axes(shapes, 'rpn_head.rpn_conv.weight', 4);
  const classes = withBackground - 1;
  return { ...published, backbone: adapterSpec(shapes), channels, classes, boxFeatures };
}

function inferRetinaNet(shapes: Shapes): VisionSpec {
  const published = visionModels['plainmamba-l1-retinanet'];
  const perCell = published.anchors.ratios.length * published.anchors.scales.length;
  const [outputs, channels] = axes(shapes, 'bbox_head.retina_cls.weight', 4);
  return { ...published, backbone: adapterSpec(shapes), channels, classes: Math.floor(outputs / perCell) };
}

function adapterSpec(shapes: Shapes): AdapterSpec {
  const published = visionModels['plainmamba-l1-maskrcnn'];
  const { imageHeight, imageWidth } = published.backbone.spec;
  const spec = { ...plainMambaBackbone(shapes), imageHeight, imageWidth };
  const [stemWidth] = axes(shapes, 'backbone.spm.stem.0.weight', 4);
  const prefix = 'backbone.interactions.0.extractor';
  const [weights] = axes(shapes, `${prefix}.attn.attention_weights.weight`, 2);
  const [hidden] = axes(shapes, `${prefix}.ffn.fc1.weight`, 2);
  return {
    spec,
    stemWidth,
    heads: Math.floor(weights / points),
    points,
    feedForwardRatio: hidden / spec.width,
    interactions: quarters(spec.depth),
  };
}

function plainMambaTaps(shapes: Shapes): PlainMambaTapsSpec {
  const backbone = plainMambaBackbone(shapes);
  const taps = Array.from({ length: backbone.depth }, (_, layer) => layer).filter((layer) =>
    shapes.has(`backbone.norm_layer${layer}.weight`),
  );
  if (taps.length !== 3) {
    throw new UserError(
      `has ${taps.length} norms "backbone.norm_layer<i>.weight"; an UperNet's backbone has 3`,
    );
  }
  const spec = { ...backbone, imageHeight: 512, imageWidth: 512 };
  return { family: 'plainmamba', spec, taps: [...taps, spec.depth - 1] };
}

function plainMambaBackbone(shapes: Shapes): PlainMambaSpec {
  const embed = 'backbone.patch_embed';
  const mixer = 'backbone.layers.0.mamba';
  const [width, stemWidth, half] = axes(shapes, `${embed}.projection.weight`, 4);
  const [innerWidth, stateSize] = axes(shapes, `${mixer}.A_log`, 2);
  const depth = layerCount(shapes, (layer) => `backbone.layers.${layer}.norm.weight`);
  const [, cells] = axes(shapes, 'backbone.pos_embed', 3);
  const side = squareSide('backbone.pos_embed', cells);
  return plainMambaSpec({
    width,
    depth,
    stemWidth,
    innerWidth,
    stateSize,
    patchSize: 2 * half,
    inChannels: axes(shapes, `${embed}.stem.0.weight`, 4)[1],
    stemConvs: layerCount(shapes, (conv) => `${stemConvNames(conv).weight}.weight`),
    dtRank: axes(shapes, `${mixer}.dt_proj.weight`, 2)[1],
    convKernel: axes(shapes, `${mixer}.conv2d.weight`, 4)[2],
    depthwiseLayers: Array.from({ length: depth }, (_, layer) => layer).filter((layer) =>
      shapes.has(`backbone.layers.${layer}.dw.0.weight`),
    ),
    positionRows: side,
    positionColumns: side,
  });
}

function vimTaps(shapes: Shapes): VimTapsSpec {
  const spec = vimBackbone(shapes);
  const rope = shapes.has('backbone.rope.freqs_cos');
  return {
    family: 'vim',
    spec,
    taps: quarters(spec.depth).map(([, last]) => last),
    tapStream: rope ? 'residual' : 'mixer',
    lastTap: 'add',
    rope: rope ? 'hidden-and-residual' : 'none',
  };
}

function vimBackbone(shapes: Shapes): VimSpec {
  const mixer = 'backbone.layers.0.mixer';
  const [width, inChannels, patchSize] = axes(shapes, 'backbone.patch_embed.proj.weight', 4);
  const [innerWidth, stateSize] = axes(shapes, `${mixer}.A_log`, 2);
  const [, cells] = axes(shapes, 'backbone.pos_embed', 3);
  const image = patchSize * squareSide('backbone.pos_embed', cells);
  return vimSpec({
    width,
    depth: layerCount(shapes, (block) => `backbone.layers.${block}.norm.weight`),
    inChannels,
    patchSize,
    stride: patchSize,
    innerWidth,
    stateSize,
    dtRank: axes(shapes, `${mixer}.dt_proj.weight`, 2)[1],
    convKernel: axes(shapes, `${mixer}.conv1d.weight`, 3)[2],
    imageHeight: image,
    imageWidth: image,
  });
}

function quarters(depth: number): [number, number][] {
  if (depth % 4 !== 0) {
    throw new UserError(
      `has ${depth} layers; where four groups of them end is only known for multiples of 4`,
    );
  }
  return [0, 1, 2, 3].map((i) => [(i * depth) / 4, ((i + 1) * depth) / 4 - 1]);
}

function axes(shapes: Shapes, name: string, count: number): Shape {
  const shape = shapes.get(name);
  if (shape === undefined) throw new UserError(`"${name}" is missing; is this another model's file?`);
  if (shape.length !== count) {
    throw new UserError(`"${name}" is [${shape.join(', ')}]; it must have ${count} axes`);
  }
  return shape;
}

function layerCount(shapes: Shapes, name: (layer: number) => string): number {
  let count = 0;
  while (count < mostLayers && shapes.has(name(count))) count++;
  return count;
}

function squareSide(name: string, cells: number): number {
  const side = Math.round(Math.sqrt(cells));
  if (side ** 2 !== cells) throw new UserError(`"${name}" has ${cells} rows; a square grid is needed`);
  return side;
}
