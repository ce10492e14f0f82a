/**
 * Vim (Vision Mamba, bidirectional v2 blocks, class token in the middle): its hyper-parameters and the
 * parameters that follow from them. Names and shapes are upstream's (hustvl/Vim, models_mamba.py), so that a
 * spec is also the list of what a checkpoint must hold.
 */
import { type Direction, UserError } from '@vssm/core';

export interface VimSpec {
  readonly family: 'vim';
  /** Input image, pixels. */
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly inChannels: number;
  /** Side of the square patch projection kernel, pixels. */
  readonly patchSize: number;
  /** Step between patches, pixels; smaller than patchSize in upstream's fine-tuned "+" models. */
  readonly stride: number;
  /** d: channels of the token stream. */
  readonly width: number;
  /** E = 2d: channels inside the mixer. */
  readonly innerWidth: number;
  /** r = ceil(d/16): rank of the Δ projection. */
  readonly dtRank: number;
  /** N: state size per channel. */
  readonly stateSize: number;
  /** Taps of the causal depthwise convolution. */
  readonly convKernel: number;
  readonly depth: number;
  readonly classes: number;
}

export type VimModelName = 'vim-tiny' | 'vim-small' | 'vim-base';

const imageNet = {
  imageHeight: 224,
  imageWidth: 224,
  inChannels: 3,
  patchSize: 16,
  stride: 16,
  classes: 1000,
};

/** Fills in what Vim derives from its width (E, r) and its constants (N = 16, four taps). */
export function vimSpec(shape: Partial<Omit<VimSpec, 'family'>> & Pick<VimSpec, 'width' | 'depth'>): VimSpec {
  return {
    family: 'vim',
    ...imageNet,
    innerWidth: 2 * shape.width,
    dtRank: Math.ceil(shape.width / 16),
    stateSize: 16,
    convKernel: 4,
    ...shape,
  };
}

/** The published models, 224x224, patch 16, ImageNet-1K. */
export const vimModels: Readonly<Record<VimModelName, VimSpec>> = {
  'vim-tiny': vimSpec({ width: 192, depth: 24 }),
  'vim-small': vimSpec({ width: 384, depth: 24 }),
  'vim-base': vimSpec({ width: 768, depth: 24 }),
};

type Geometry = Pick<VimSpec, 'imageHeight' | 'imageWidth' | 'patchSize' | 'stride'>;

/** Patches per column and per row. */
export function patchGrid(spec: Geometry): { readonly height: number; readonly width: number } {
  return {
    height: Math.floor((spec.imageHeight - spec.patchSize) / spec.stride) + 1,
    width: Math.floor((spec.imageWidth - spec.patchSize) / spec.stride) + 1,
  };
}

/** M, the number of patches; the sequence has one more, the class token. */
export function patchCount(spec: Geometry): number {
  const { height, width } = patchGrid(spec);
  return height * width;
}

/** Every parameter of the model with its shape, in upstream's names without a `model.` prefix. */
export function vimParameters(spec: Omit<VimSpec, 'family'>): ReadonlyMap<string, readonly number[]> {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel: taps } = spec;
  const shapes = new Map<string, readonly number[]>([
    ['cls_token', [1, 1, d]],
    ['pos_embed', [1, patchCount(spec) + 1, d]],
    ['patch_embed.proj.weight', [d, spec.inChannels, spec.patchSize, spec.patchSize]],
    ['patch_embed.proj.bias', [d]],
  ]);
  for (let block = 0; block < spec.depth; block++) {
    const mixer = `layers.${block}.mixer`;
    shapes.set(`${mixer}.in_proj.weight`, [2 * E, d]);
    for (const names of Object.values(directionParameterNames)) {
      shapes.set(`${mixer}.${names.conv}.weight`, [E, 1, taps]);
      shapes.set(`${mixer}.${names.conv}.bias`, [E]);
      shapes.set(`${mixer}.${names.xProj}.weight`, [r + 2 * N, E]);
      shapes.set(`${mixer}.${names.dtProj}.weight`, [E, r]);
      shapes.set(`${mixer}.${names.dtProj}.bias`, [E]);
      shapes.set(`${mixer}.${names.aLog}`, [E, N]);
      shapes.set(`${mixer}.${names.d}`, [E]);
    }
    shapes.set(`${mixer}.out_proj.weight`, [d, E]);
    shapes.set(`layers.${block}.norm.weight`, [d]);
  }
  shapes.set('norm_f.weight', [d]);
  shapes.set('head.weight', [spec.classes, d]);
  shapes.set('head.bias', [spec.classes]);
  return shapes;
}

/** What the two scan directions call their own parameters inside `layers.<i>.mixer`. */
export const directionParameterNames = {
  forward: { conv: 'conv1d', xProj: 'x_proj', dtProj: 'dt_proj', aLog: 'A_log', d: 'D' },
  backward: { conv: 'conv1d_b', xProj: 'x_proj_b', dtProj: 'dt_proj_b', aLog: 'A_b_log', d: 'D_b' },
} as const satisfies Record<Direction, Record<string, string>>;

/** Throws a UserError that names what only Vim asks of its numbers. */
export function checkVimShape(spec: Geometry): void {
  if (spec.patchSize > spec.imageHeight || spec.patchSize > spec.imageWidth) {
    throw new UserError(
      `patch size ${spec.patchSize} is larger than the image, ${spec.imageHeight}x${spec.imageWidth}`,
    );
  }
}
