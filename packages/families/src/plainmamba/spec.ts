/**
 * PlainMamba (2-D snake scans, no class token, mean pooling): its hyper-parameters and the parameters that
 * follow from them. Names and shapes are upstream's (ChenhongyiYang/PlainMamba, plain_mamba_dev), so that a spec
 * is also the list of what a checkpoint must hold.
 */
import { directionIds, UserError } from '@vssm/core';

export interface PlainMambaSpec {
  readonly family: 'plainmamba';
  /** Input image, pixels. */
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly inChannels: number;
  /** Side of one grid cell, pixels: a stem of stride 2, then a projection of kernel and stride patchSize / 2. */
  readonly patchSize: number;
  /** Channels of the stem. */
  readonly stemWidth: number;
  /** 3x3 convolutions between the stem and the projection. */
  readonly stemConvs: number;
  /** d: channels of the token stream. */
  readonly width: number;
  /** E = 2d: channels inside the mixer. */
  readonly innerWidth: number;
  /** r = ceil(d/16): rank of the Δ projection. */
  readonly dtRank: number;
  /** N: state size per channel. */
  readonly stateSize: number;
  /** Side of the mixer's square depthwise convolution, odd. */
  readonly convKernel: number;
  readonly depth: number;
  /** Layers, counted from 0, that end in a depthwise 3x3 convolution, BatchNorm and GELU. */
  readonly depthwiseLayers: readonly number[];
  /** Grid that the position embedding was trained on; resized where the image's grid is another. */
  readonly positionRows: number;
  readonly positionColumns: number;
  readonly classes: number;
}

export type PlainMambaModelName = 'plainmamba-l1' | 'plainmamba-l2' | 'plainmamba-l3';

const imageNet = {
  imageHeight: 224,
  imageWidth: 224,
  inChannels: 3,
  patchSize: 16,
  stemWidth: 64,
  positionRows: 14,
  positionColumns: 14,
  classes: 1000,
};

/** Fills in what PlainMamba derives from its width (E, r) and its constants (N = 16, a 7x7 convolution). */
export function plainMambaSpec(
  shape: Partial<Omit<PlainMambaSpec, 'family'>> & Pick<PlainMambaSpec, 'width' | 'depth' | 'stemConvs'>,
): PlainMambaSpec {
  return {
    family: 'plainmamba',
    ...imageNet,
    innerWidth: 2 * shape.width,
    dtRank: Math.ceil(shape.width / 16),
    stateSize: 16,
    convKernel: 7,
    depthwiseLayers: [],
    ...shape,
  };
}

/** The published models, 224x224, ImageNet-1K. */
export const plainMambaModels: Readonly<Record<PlainMambaModelName, PlainMambaSpec>> = {
  'plainmamba-l1': plainMambaSpec({ width: 192, depth: 24, stemConvs: 1, depthwiseLayers: [0] }),
  'plainmamba-l2': plainMambaSpec({ width: 384, depth: 24, stemConvs: 2 }),
  'plainmamba-l3': plainMambaSpec({ width: 448, depth: 36, stemConvs: 2 }),
};

/** Rows and columns of the stem's output: half the image, rounded up. */
export function stemSize(spec: PlainMambaSpec): { readonly height: number; readonly width: number } {
  return { height: Math.ceil(spec.imageHeight / 2), width: Math.ceil(spec.imageWidth / 2) };
}

/** Grid cells per column and per row; the projection pads at the bottom and the right to fill the last ones. */
export function plainMambaGrid(spec: PlainMambaSpec): { readonly height: number; readonly width: number } {
  const { height, width } = stemSize(spec);
  const kernel = spec.patchSize / 2;
  return { height: Math.ceil(height / kernel), width: Math.ceil(width / kernel) };
}

/** L0: every cell is a token. */
export function cellCount(spec: PlainMambaSpec): number {
  const { height, width } = plainMambaGrid(spec);
  return height * width;
}

/** Every trainable parameter with its shape, in upstream's names. */
export function plainMambaParameters(spec: PlainMambaSpec): ReadonlyMap<string, readonly number[]> {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel, stemWidth } = spec;
  const embed = 'backbone.patch_embed';
  const shapes = new Map<string, readonly number[]>([
    ['backbone.pos_embed', [1, spec.positionRows * spec.positionColumns, d]],
    [`${embed}.stem.0.weight`, [stemWidth, spec.inChannels, 7, 7]],
  ]);
  const norm = (name: string, channels: number) => {
    shapes.set(`${name}.weight`, [channels]);
    shapes.set(`${name}.bias`, [channels]);
  };
  const dense = (name: string, shape: readonly number[]) => {
    shapes.set(`${name}.weight`, shape);
    shapes.set(`${name}.bias`, [shape[0]]);
  };
  norm(`${embed}.stem.1`, stemWidth);
  for (let conv = 0; conv < spec.stemConvs; conv++) {
    const { weight, batchNorm } = stemConvNames(conv);
    shapes.set(`${weight}.weight`, [stemWidth, stemWidth, 3, 3]);
    norm(batchNorm, stemWidth);
  }
  dense(`${embed}.projection`, [d, stemWidth, spec.patchSize / 2, spec.patchSize / 2]);
  for (let layer = 0; layer < spec.depth; layer++) {
    const prefix = `backbone.layers.${layer}`;
    const mixer = `${prefix}.mamba`;
    norm(`${prefix}.norm`, d);
    if (spec.depthwiseLayers.includes(layer)) {
      shapes.set(`${prefix}.dw.0.weight`, [d, 1, 3, 3]);
      norm(`${prefix}.dw.1`, d);
    }
    shapes.set(`${mixer}.A_log`, [E, N]);
    shapes.set(`${mixer}.D`, [E]);
    shapes.set(`${mixer}.direction_Bs`, [directionIds, N]);
    dense(`${mixer}.in_proj`, [2 * E, d]);
    dense(`${mixer}.conv2d`, [E, 1, convKernel, convKernel]);
    shapes.set(`${mixer}.x_proj.weight`, [r + 2 * N, E]);
    dense(`${mixer}.dt_proj`, [E, r]);
    dense(`${mixer}.out_proj`, [d, E]);
  }
  norm('backbone.ln1', d);
  dense('head.fc', [spec.classes, d]);
  return shapes;
}

/** Convolution i of the stem and its BatchNorm: entries 3i and 3i + 1 of upstream's Sequential (the third is ReLU). */
export function stemConvNames(conv: number): { readonly weight: string; readonly batchNorm: string } {
  const convs = 'backbone.patch_embed.convs';
  return { weight: `${convs}.${3 * conv}`, batchNorm: `${convs}.${3 * conv + 1}` };
}

/** The BatchNorms' running statistics: needed to run a model, but no trainable parameters. */
export function plainMambaBuffers(spec: PlainMambaSpec): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const batchNorm = (name: string, channels: number) => {
    shapes.set(`${name}.running_mean`, [channels]);
    shapes.set(`${name}.running_var`, [channels]);
  };
  batchNorm('backbone.patch_embed.stem.1', spec.stemWidth);
  for (let conv = 0; conv < spec.stemConvs; conv++) batchNorm(stemConvNames(conv).batchNorm, spec.stemWidth);
  for (const layer of spec.depthwiseLayers) batchNorm(`backbone.layers.${layer}.dw.1`, spec.width);
  return shapes;
}

/** Beyond this a file is broken or hostile. */
const mostStemConvs = 64;

/** Throws a UserError that names what only PlainMamba asks of its numbers. */
export function checkPlainMambaShape(spec: PlainMambaSpec): void {
  if (!Number.isInteger(spec.stemConvs) || spec.stemConvs < 0 || spec.stemConvs > mostStemConvs) {
    throw new UserError(
      `stem convolutions ${spec.stemConvs}: must be a whole number from 0 to ${mostStemConvs}`,
    );
  }
  if (spec.patchSize % 2 !== 0) {
    throw new UserError(`patch size ${spec.patchSize}: must be even, the stem takes half of it`);
  }
  if (spec.convKernel % 2 !== 1) {
    throw new UserError(`convolution kernel ${spec.convKernel}: must be odd, it is centred on its cell`);
  }
  for (const layer of spec.depthwiseLayers) {
    if (!Number.isInteger(layer) || layer < 0 || layer >= spec.depth) {
      throw new UserError(`depthwise layer ${layer} is not there; the model has ${spec.depth} layers from 0`);
    }
  }
}
