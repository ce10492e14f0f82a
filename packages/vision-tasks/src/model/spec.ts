/**
 * Models that answer for every pixel or every object: UperNet on PlainMamba or Vim, Mask R-CNN and RetinaNet on the
 * PlainMamba-Adapter. Names follow upstream's configurations (ChenhongyiYang/PlainMamba downstream/, hustvl/Vim seg/).
 *
 * A backbone's image size is that of the network's input and is free for PlainMamba: `withInputSize`. Feature maps
 * are [C, H, W]; boxes are x1, y1, x2, y2 in pixels.
 */
import { UserError } from '@vssm/core';
import { checkSpec, type PlainMambaSpec, plainMambaModels, type VimSpec, vimModels } from '@vssm/families';

export type VisionSpec = UperNetSpec | DetectorSpec;
export type DetectorSpec = MaskRcnnSpec | RetinaNetSpec;

/** A backbone that hands out four feature maps, and UperNet's heads over them. */
export interface UperNetSpec {
  readonly kind: 'upernet';
  readonly backbone: PlainMambaTapsSpec | VimTapsSpec;
  readonly head: UperHeadSpec;
  /** The auxiliary head of the training; nothing reads it at test time. */
  readonly auxiliary: { readonly tap: number; readonly channels: number };
  readonly test: SegmentationTest;
}

/** Four taps of stride 16: those before the last layer get a LayerNorm of their own, the last one `ln1`. */
export interface PlainMambaTapsSpec {
  readonly family: 'plainmamba';
  readonly spec: PlainMambaSpec;
  /** Layers, counted from 0, after which a feature map is taken; the last is the last layer. */
  readonly taps: readonly number[];
}

/** A Vim without class token, its taps scaled by a neck to strides 4, 8, 16 and 32. */
export interface VimTapsSpec {
  readonly family: 'vim';
  readonly spec: VimSpec;
  /** Blocks, counted from 0, after which a feature map is taken. */
  readonly taps: readonly number[];
  /** What a tap takes: a block's mixer output, or the residual that the block after it returns. */
  readonly tapStream: 'mixer' | 'residual';
  /** The last tap of the residual stream: hidden + residual, or norm_f of that. */
  readonly lastTap: 'add' | 'add-norm';
  /** Rotates the hidden stream before every block, and the residual too where it says so. */
  readonly rope: 'none' | 'hidden' | 'hidden-and-residual';
}

export interface UperHeadSpec {
  /** Channels of every level and of the fused map. */
  readonly channels: number;
  readonly classes: number;
  /** Sides of the pyramid pooling's grids. */
  readonly poolScales: readonly number[];
}

/** Whole image at once, or windows of `crop` pixels every `stride` pixels. */
export type SegmentationTest =
  | { readonly mode: 'whole' }
  | { readonly mode: 'slide'; readonly crop: number; readonly stride: number };

/** PlainMamba with a convolutional pyramid beside it (ViT-Adapter): four maps of strides 4, 8, 16 and 32. */
export interface AdapterSpec {
  readonly spec: PlainMambaSpec;
  /** n: channels of the spatial prior module's stem. */
  readonly stemWidth: number;
  readonly heads: number;
  /** Sampling points per head and level. */
  readonly points: number;
  /** Hidden channels of the extractors' feed-forward, as a share of d. */
  readonly feedForwardRatio: number;
  /** First and last layer (inclusive, from 0) of each interaction block. */
  readonly interactions: readonly (readonly [number, number])[];
}

/** Extractors after the last block's own. */
export const extraExtractors = 2;

export interface AnchorSpec {
  readonly strides: readonly number[];
  /** Height / width. */
  readonly ratios: readonly number[];
  /** Side over stride. */
  readonly scales: readonly number[];
}

export interface NmsSpec {
  /** Best candidates of each level that go on. */
  readonly perLevel: number;
  readonly iouThreshold: number;
  readonly perImage: number;
}

export interface MaskRcnnSpec {
  readonly kind: 'maskrcnn';
  readonly backbone: AdapterSpec;
  /** Channels of the feature pyramid and of the heads' convolutions. */
  readonly channels: number;
  readonly classes: number;
  readonly anchors: AnchorSpec;
  /** Channels of the box head's fully connected layer. */
  readonly boxFeatures: number;
  readonly proposals: NmsSpec;
  readonly detections: DetectionTest & { readonly maskThreshold: number };
}

export interface RetinaNetSpec {
  readonly kind: 'retinanet';
  readonly backbone: AdapterSpec;
  readonly channels: number;
  readonly classes: number;
  readonly anchors: AnchorSpec;
  /** Candidates of each level before NMS. */
  readonly perLevel: number;
  readonly detections: DetectionTest;
}

export interface DetectionTest {
  /** A detection needs a score above this. */
  readonly scoreThreshold: number;
  readonly iouThreshold: number;
  readonly perImage: number;
}

/** Constants of upstream's detectors. */
export const roiHeadConvs = 4;
export const retinaStackedConvs = 4;
export const boxRoiSize = 7;
export const maskRoiSize = 14;
/** Levels of a feature pyramid; Mask R-CNN's RoI heads read the first four. */
export const pyramidLevels = 5;
export const roiLevels = 4;

export type VisionModelName =
  | `plainmamba-${'l1' | 'l2' | 'l3'}-${'upernet' | 'maskrcnn' | 'retinanet'}`
  | `vim-${'tiny' | 'small'}-upernet`;

/** Which kind of spec a name stands for. */
export type VisionSpecOf<Name extends VisionModelName> = Name extends `${string}-upernet`
  ? UperNetSpec
  : Name extends `${string}-maskrcnn`
    ? MaskRcnnSpec
    : RetinaNetSpec;

type PlainMambaName = keyof typeof plainMambaModels;

const ade20kClasses = 150;
const cocoClasses = 80;
const poolScales = [1, 2, 3, 6];

function quarters(depth: number): [number, number][] {
  const length = depth / 4;
  return [0, 1, 2, 3].map((i) => [i * length, (i + 1) * length - 1]);
}

function plainMambaUperNet(name: PlainMambaName): UperNetSpec {
  const spec = { ...plainMambaModels[name], imageHeight: 512, imageWidth: 512 };
  return {
    kind: 'upernet',
    backbone: { family: 'plainmamba', spec, taps: quarters(spec.depth).map(([, last]) => last) },
    head: { channels: 512, classes: ade20kClasses, poolScales },
    auxiliary: { tap: 3, channels: 256 },
    test: { mode: 'whole' },
  };
}

/** Vim-T as its scripts run it (mixer taps, no rope); Vim-S as its scripts do (residual taps, rope on both streams). */
function vimUperNet(name: 'vim-tiny' | 'vim-small'): UperNetSpec {
  const spec = { ...vimModels[name], imageHeight: 512, imageWidth: 512 };
  const tiny = name === 'vim-tiny';
  return {
    kind: 'upernet',
    backbone: {
      family: 'vim',
      spec,
      taps: quarters(spec.depth).map(([, last]) => last),
      tapStream: tiny ? 'mixer' : 'residual',
      lastTap: 'add',
      rope: tiny ? 'none' : 'hidden-and-residual',
    },
    head: { channels: spec.width, classes: ade20kClasses, poolScales },
    auxiliary: { tap: 2, channels: 256 },
    test: { mode: 'slide', crop: 512, stride: 341 },
  };
}

function adapter(name: PlainMambaName): AdapterSpec {
  // 800x1333 resized and padded to multiples of 32: the usual landscape image.
  const spec = { ...plainMambaModels[name], imageHeight: 800, imageWidth: 1344 };
  return {
    spec,
    stemWidth: 64,
    heads: name === 'plainmamba-l3' ? 8 : 6,
    points: 4,
    feedForwardRatio: 0.25,
    interactions: quarters(spec.depth),
  };
}

function maskRcnn(name: PlainMambaName): MaskRcnnSpec {
  return {
    kind: 'maskrcnn',
    backbone: adapter(name),
    channels: 256,
    classes: cocoClasses,
    anchors: { strides: [4, 8, 16, 32, 64], ratios: [0.5, 1, 2], scales: [8] },
    boxFeatures: 1024,
    proposals: { perLevel: 1000, iouThreshold: 0.7, perImage: 1000 },
    detections: { scoreThreshold: 0.05, iouThreshold: 0.5, perImage: 100, maskThreshold: 0.5 },
  };
}

/** Three scales per octave above four times the stride. */
export const retinaScales: readonly number[] = [0, 1, 2].map((step) => 4 * 2 ** (step / 3));

function retinaNet(name: PlainMambaName): RetinaNetSpec {
  return {
    kind: 'retinanet',
    backbone: adapter(name),
    channels: 256,
    classes: cocoClasses,
    anchors: { strides: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2], scales: retinaScales },
    perLevel: 1000,
    detections: { scoreThreshold: 0.05, iouThreshold: 0.5, perImage: 100 },
  };
}

/** The models of the paper's tables 2 and 3, and Vim's UperNet, at upstream's input sizes. */
export const visionModels: { readonly [Name in VisionModelName]: VisionSpecOf<Name> } = {
  'plainmamba-l1-upernet': plainMambaUperNet('plainmamba-l1'),
  'plainmamba-l2-upernet': plainMambaUperNet('plainmamba-l2'),
  'plainmamba-l3-upernet': plainMambaUperNet('plainmamba-l3'),
  'plainmamba-l1-maskrcnn': maskRcnn('plainmamba-l1'),
  'plainmamba-l2-maskrcnn': maskRcnn('plainmamba-l2'),
  'plainmamba-l3-maskrcnn': maskRcnn('plainmamba-l3'),
  'plainmamba-l1-retinanet': retinaNet('plainmamba-l1'),
  'plainmamba-l2-retinanet': retinaNet('plainmamba-l2'),
  'plainmamba-l3-retinanet': retinaNet('plainmamba-l3'),
  'vim-tiny-upernet': vimUperNet('vim-tiny'),
  'vim-small-upernet': vimUperNet('vim-small'),
};

/** Whether it is a published detector's or segmenter's, `plainmamba-l1-maskrcnn`. */
export function isVisionModelName(name: string): name is VisionModelName {
  return Object.hasOwn(visionModels, name);
}

/** The spec of a published detector or segmenter. @throws UserError that lists the names */
export function namedVisionModel(name: string): VisionSpec {
  if (!isVisionModelName(name)) {
    throw new UserError(
      `model "${name}" is not known; choose one of ${Object.keys(visionModels).join(', ')}`,
    );
  }
  return visionModels[name];
}

/**
 * The same model for an input of another size, pixels.
 *
 * @throws UserError where the model cannot take it: the adapter needs multiples of 32, Vim its trained size
 */
export function withInputSize<Spec extends VisionSpec>(spec: Spec, height: number, width: number): Spec {
  const size = { imageHeight: height, imageWidth: width };
  checkSpec({ ...spec.backbone.spec, ...size });
  if (spec.kind === 'upernet') {
    const { backbone } = spec;
    const trained = backbone.spec;
    if (backbone.family === 'vim' && (height !== trained.imageHeight || width !== trained.imageWidth)) {
      throw new UserError(
        `input ${height}x${width}: this Vim takes ${trained.imageHeight}x${trained.imageWidth} only; an image must be large enough to cut such windows from it`,
      );
    }
    return { ...spec, backbone: { ...backbone, spec: { ...trained, ...size } } };
  }
  if (height % 32 !== 0 || width % 32 !== 0) {
    throw new UserError(`input ${height}x${width}: the adapter needs multiples of 32; pad the image`);
  }
  return { ...spec, backbone: { ...spec.backbone, spec: { ...spec.backbone.spec, ...size } } };
}

/** Network input of a model, pixels. */
export function inputSize(spec: VisionSpec): { readonly height: number; readonly width: number } {
  const { imageHeight: height, imageWidth: width } = spec.backbone.spec;
  return { height, width };
}
