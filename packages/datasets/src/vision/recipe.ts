/**
 * Test pipelines of detectors and segmenters as data, and what they do to a picture: scale it by one factor until
 * either limit is reached (OpenCV's bilinear), perhaps scale it again so that both sides are multiples of
 * something, normalise, perhaps pad. Sizes are rounded as mmcv's `rescale_size` and `AlignResize` round them.
 */
import { oneOf, UserError } from '@vssm/core';
import type { RgbImage } from '../image.ts';
import { type Normalisation, normalise } from '../normalise.ts';
import { resizeLinear } from '../resize-linear.ts';

export interface VisionRecipe extends Normalisation {
  readonly name: VisionRecipeName;
  readonly limits: SizeLimits;
  /** The scaled picture is scaled again, up to multiples of this. 1: it is not. */
  readonly alignTo: number;
  /** Normalised pixels get zeros on the right and below, up to multiples of this. 1: they do not. */
  readonly padTo: number;
}

/** How long the sides may become, pixels. */
export interface SizeLimits {
  readonly long: number;
  readonly short: number;
}

/** Pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A picture as a detector or segmenter reads it, and how to get back from its pixels to the original's. */
export interface PreparedImage extends Size {
  /** Normalised, [3, height, width], padding included. */
  readonly pixels: Float32Array;
  /** After all scaling, before padding. */
  readonly scaled: Size;
  readonly original: Size;
  /** Scaled over original length, across and down, in float32; they differ a little, since sides are rounded. */
  readonly scaleFactor: readonly [x: number, y: number];
}

export const visionRecipeNames = ['plainmamba-coco', 'plainmamba-ade20k', 'vim-ade20k'] as const;
export type VisionRecipeName = (typeof visionRecipeNames)[number];

const normalisation: Normalisation = {
  channels: 3,
  white: 255,
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};

export const visionRecipes: Readonly<Record<VisionRecipeName, VisionRecipe>> = {
  /** PlainMamba's Mask R-CNN and RetinaNet (mmdet 2.25, `Resize`, `Normalize`, `Pad(size_divisor=32)`). */
  'plainmamba-coco': {
    ...normalisation,
    name: 'plainmamba-coco',
    limits: { long: 1333, short: 800 },
    alignTo: 1,
    padTo: 32,
  },
  /** PlainMamba's UperNet on whole images (mmseg 0.23 with `AlignedResize`). */
  'plainmamba-ade20k': {
    ...normalisation,
    name: 'plainmamba-ade20k',
    limits: { long: 2048, short: 512 },
    alignTo: 32,
    padTo: 1,
  },
  /** Vim's UperNet, which then looks through a sliding window. */
  'vim-ade20k': {
    ...normalisation,
    name: 'vim-ade20k',
    limits: { long: 2048, short: 512 },
    alignTo: 1,
    padTo: 1,
  },
};

/** Longer limits are a mistake in an option rather than a model's input. */
const maxLimit = 16_384;

/**
 * A recipe by name, with other limits if asked.
 *
 * @throws UserError for an unknown name, or limits that are not whole numbers of 1 … 16384, the longer first
 */
export function visionRecipeFor(name: string, limits?: SizeLimits): VisionRecipe {
  const recipe = visionRecipes[oneOf('recipe', name, visionRecipeNames)];
  if (limits === undefined) return recipe;
  const { long, short } = limits;
  const sound = Number.isInteger(long) && Number.isInteger(short) && short >= 1 && long <= maxLimit;
  if (!sound || long < short) {
    throw new UserError(
      `limits ${long},${short}: expected the longer side, then the shorter, whole numbers from 1 to ${maxLimit}`,
    );
  }
  return { ...recipe, limits };
}

/**
 * The size within the limits: one factor for both sides, each rounded half up.
 *
 * @param name of the image, for the message
 * @throws UserError for a needle whose short side would vanish
 */
export function sizeWithin({ long, short }: SizeLimits, { height, width }: Size, name: string): Size {
  const factor = Math.min(long / Math.max(height, width), short / Math.min(height, width));
  const scaled = { height: Math.trunc(height * factor + 0.5), width: Math.trunc(width * factor + 0.5) };
  if (scaled.height < 1 || scaled.width < 1) {
    throw new UserError(
      `image ${name}: ${height}x${width} has no pixel left within ${short}x${long}; crop it`,
    );
  }
  return scaled;
}

/** The largest input that a recipe makes of pictures that lie on their long side: what costs are stated at. */
export function largestInput({ limits, alignTo, padTo }: VisionRecipe): Size {
  const side = (length: number) => multipleUp(multipleUp(length, alignTo), padTo);
  return { height: side(limits.short), width: side(limits.long) };
}

/** The 8-bit stage: after all scaling, before normalisation and padding. */
export function applyVisionRecipe(image: RgbImage, recipe: VisionRecipe, name: string): RgbImage {
  const { height, width } = sizeWithin(recipe.limits, image, name);
  const within = resizeLinear(image, width, height);
  const { alignTo } = recipe;
  return resizeLinear(within, multipleUp(width, alignTo), multipleUp(height, alignTo));
}

/** The whole pipeline. */
export function prepare(image: RgbImage, recipe: VisionRecipe, name: string): PreparedImage {
  const scaled = applyVisionRecipe(image, recipe, name);
  const height = multipleUp(scaled.height, recipe.padTo);
  const width = multipleUp(scaled.width, recipe.padTo);
  return {
    pixels: normalise(scaled, recipe, height, width),
    height,
    width,
    scaled: { height: scaled.height, width: scaled.width },
    original: { height: image.height, width: image.width },
    scaleFactor: [Math.fround(scaled.width / image.width), Math.fround(scaled.height / image.height)],
  };
}

function multipleUp(length: number, divisor: number): number {
  return Math.ceil(length / divisor) * divisor;
}
