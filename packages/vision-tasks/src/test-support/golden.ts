/** The golden cases of testdata (see its NOTE.md) for the tests of everything that computes detectors and segmenters. */
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@vssm/checkpoints';
import type { NamedTensors, Tensor, Weights } from '@vssm/core';
import { plainMambaSpec, vimSpec } from '@vssm/families';
import {
  type AdapterSpec,
  type MaskRcnnSpec,
  type RetinaNetSpec,
  retinaScales,
  type UperNetSpec,
  type VimTapsSpec,
} from '../model/spec.ts';

export interface GoldenVision {
  readonly tensors: NamedTensors;
  /** The model's parameters in upstream's names. */
  readonly weights: Weights;
}

export type GoldenFile = 'seg_plain' | 'seg_vim' | 'det_mask_rcnn' | 'det_retinanet';

const prefix = 'model.';

export async function goldenVision(file: GoldenFile): Promise<GoldenVision> {
  const path = fileURLToPath(new URL(`../../testdata/${file}_micro.safetensors`, import.meta.url));
  const { tensors } = await readSafetensors(path);
  const weights = new Map<string, Tensor<Float32Array>>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(prefix)) weights.set(name.slice(prefix.length), tensor as Tensor<Float32Array>);
  }
  return { tensors, weights };
}

/** RetinaNet's own weights with the backbone of D1, as the data say. */
export async function goldenRetinaNet(): Promise<GoldenVision> {
  const [maskRcnn, retina] = await Promise.all([
    goldenVision('det_mask_rcnn'),
    goldenVision('det_retinanet'),
  ]);
  const backbone = [...maskRcnn.weights].filter(([name]) => name.startsWith('backbone.'));
  return { tensors: retina.tensors, weights: new Map([...backbone, ...retina.weights]) };
}

/** A stored floating-point tensor. */
export function stored({ tensors }: GoldenVision, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the golden data have no "${name}"`);
  return tensor.data as Float32Array;
}

/** A stored tensor of integers. */
export function storedIntegers({ tensors }: GoldenVision, name: string): number[] {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the golden data have no "${name}"`);
  return Array.from(tensor.data as BigInt64Array | Uint8Array, Number);
}

const uperHead = { channels: 16, classes: 11, poolScales: [1, 2, 3, 6] };

export const plainMambaUperNetMicro: UperNetSpec = {
  kind: 'upernet',
  backbone: {
    family: 'plainmamba',
    spec: plainMambaSpec({
      width: 24,
      depth: 4,
      stemConvs: 1,
      depthwiseLayers: [0],
      imageHeight: 64,
      imageWidth: 96,
      positionRows: 4,
      positionColumns: 4,
    }),
    taps: [0, 1, 2, 3],
  },
  head: uperHead,
  auxiliary: { tap: 3, channels: 16 },
  test: { mode: 'whole' },
};

function vimUperNetMicro(options: Partial<Pick<VimTapsSpec, 'tapStream' | 'lastTap' | 'rope'>>): UperNetSpec {
  return {
    kind: 'upernet',
    backbone: {
      family: 'vim',
      spec: vimSpec({ width: 32, depth: 8, imageHeight: 64, imageWidth: 64 }),
      taps: [1, 3, 5, 7],
      tapStream: 'mixer',
      lastTap: 'add',
      rope: 'hidden-and-residual',
      ...options,
    },
    head: uperHead,
    auxiliary: { tap: 2, channels: 16 },
    test: { mode: 'slide', crop: 64, stride: 42 },
  };
}

/** The variants that the data of S2 hold. */
export const vimVariants = {
  rope: vimUperNetMicro({}),
  rope_residual_add: vimUperNetMicro({ tapStream: 'residual' }),
  norope: vimUperNetMicro({ rope: 'none' }),
  rope_hidden_only: vimUperNetMicro({ rope: 'hidden' }),
  norope_residual_add: vimUperNetMicro({ rope: 'none', tapStream: 'residual' }),
  norope_residual_addnorm: vimUperNetMicro({ rope: 'none', tapStream: 'residual', lastTap: 'add-norm' }),
} as const satisfies Record<string, UperNetSpec>;

const adapterMicro: AdapterSpec = {
  spec: plainMambaSpec({
    width: 24,
    depth: 5,
    stemConvs: 1,
    depthwiseLayers: [0],
    imageHeight: 96,
    imageWidth: 128,
    positionRows: 4,
    positionColumns: 4,
  }),
  stemWidth: 8,
  heads: 6,
  points: 4,
  feedForwardRatio: 0.25,
  interactions: [
    [0, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ],
};

export const maskRcnnMicro: MaskRcnnSpec = {
  kind: 'maskrcnn',
  backbone: adapterMicro,
  channels: 16,
  classes: 7,
  anchors: { strides: [4, 8, 16, 32, 64], ratios: [0.5, 1, 2], scales: [8] },
  boxFeatures: 32,
  proposals: { perLevel: 300, iouThreshold: 0.7, perImage: 200 },
  detections: { scoreThreshold: 0.05, iouThreshold: 0.5, perImage: 100, maskThreshold: 0.5 },
};

export const retinaNetMicro: RetinaNetSpec = {
  kind: 'retinanet',
  backbone: adapterMicro,
  channels: 16,
  classes: 7,
  anchors: { strides: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2], scales: retinaScales },
  perLevel: 300,
  detections: { scoreThreshold: 0.05, iouThreshold: 0.5, perImage: 100 },
};

/** What the test pipeline did to the image of D1 and D2. */
export const detectionImage = {
  /** Before padding. */
  height: 90,
  width: 121,
  originalHeight: 60,
  originalWidth: 81,
  /** Resized over original size: x, y. */
  scale: [1.4938271045684814, 1.5],
} as const;
