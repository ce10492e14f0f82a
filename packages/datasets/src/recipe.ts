/**
 * Evaluation recipes of classifiers as data, and what they do to a picture: scale the shorter side (bicubic,
 * antialiased), cut the centre out, normalise. Rounding follows torchvision's `Resize` and `CenterCrop`, which
 * mmcls shares.
 */
import { oneOf, UserError } from '@vssm/core';
import type { Decoder } from './decoder.ts';
import { type RgbImage, toGrey } from './image.ts';
import type { Normalisation } from './normalise.ts';
import { resizeBicubic, type Window } from './resample.ts';

export interface Recipe extends Normalisation {
  readonly name: RecipeName;
  /** What upstream reads its files with. */
  readonly decoder: Decoder;
  /** Length of the shorter side after scaling, pixels. */
  readonly resize: number;
  /** Side of the square cut out of the centre, pixels; at most `resize`. */
  readonly crop: number;
}

export const recipeNames = [
  'vim-imagenet',
  'plainmamba-imagenet',
  'mambareg-imagenet',
  'fashion-mnist',
] as const;
export type RecipeName = (typeof recipeNames)[number];

export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  /** Vim's evaluation on ImageNet-1K (hustvl/Vim, vim/datasets.py: crop ratio 0.875, ImageNet's mean and std). */
  'vim-imagenet': {
    name: 'vim-imagenet',
    decoder: 'pillow',
    channels: 3,
    resize: 256,
    crop: 224,
    white: 1,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  /**
   * PlainMamba's (mmcls 0.x on mmcv 1.x): read by OpenCV, as mmcv's `imfrombytes` does unless told otherwise, so turned
   * upright and CMYK by OpenCV's formula; scaled by Pillow all the same (`backend='pillow'`); normalised in 0 … 255.
   */
  'plainmamba-imagenet': {
    name: 'plainmamba-imagenet',
    decoder: 'opencv',
    channels: 3,
    resize: 256,
    crop: 224,
    white: 255,
    mean: [123.675, 116.28, 103.53],
    std: [58.395, 57.12, 57.375],
  },
  /**
   * Mamba-Reg's, as its README evaluates the published weights (wangf3014/Mamba-Reg, `--eval-crop-ratio 1.0`): Vim's, but
   * for the shorter side, which is the crop's.
   */
  'mambareg-imagenet': {
    name: 'mambareg-imagenet',
    decoder: 'pillow',
    channels: 3,
    resize: 224,
    crop: 224,
    white: 1,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  /** What the embedded checkpoint was trained with; a 28x28 picture enters as it is. */
  'fashion-mnist': {
    name: 'fashion-mnist',
    decoder: 'pillow',
    channels: 1,
    resize: 28,
    crop: 28,
    white: 1,
    mean: [0.286],
    std: [0.353],
  },
};

/** Larger crops are a mistake in an option rather than a model's input. */
const maxImageSize = 4096;

/**
 * A recipe by name, at another image size if asked: the shorter side keeps its ratio to the crop, rounded down
 * (upstream: `int(input_size / eval_crop_ratio)`).
 *
 * @param imageSize side of the crop, pixels
 * @throws UserError for an unknown name or a size outside 1 … 4096
 */
export function recipeFor(name: string, imageSize?: number): Recipe {
  const recipe = recipes[oneOf('recipe', name, recipeNames)];
  if (imageSize === undefined || imageSize === recipe.crop) return recipe;
  if (!Number.isInteger(imageSize) || imageSize < 1 || imageSize > maxImageSize) {
    throw new UserError(`image size ${imageSize}: expected a whole number from 1 to ${maxImageSize}`);
  }
  const resize = Math.floor((imageSize * recipe.resize) / recipe.crop);
  return { ...recipe, resize, crop: imageSize };
}

/**
 * Width and height after the shorter side became `size`; the longer one is rounded down, as torchvision's
 * `Resize(size)` does.
 */
export function shorterSideTo(
  size: number,
  width: number,
  height: number,
): { width: number; height: number } {
  if (width <= height) return { width: size, height: Math.trunc((size * height) / width) };
  return { width: Math.trunc((size * width) / height), height: size };
}

/** The centred square of side `crop`; a half pixel goes to the even neighbour, as Python's `round` does. */
export function centreCrop(crop: number, width: number, height: number): Window {
  return {
    left: halfRoundedToEven(width - crop),
    top: halfRoundedToEven(height - crop),
    width: crop,
    height: crop,
  };
}

function halfRoundedToEven(length: number): number {
  const below = Math.floor(length / 2);
  return length % 2 === 0 || below % 2 === 0 ? below : below + 1;
}

/** The 8-bit stage: scaled and cropped, `crop` x `crop`; grey in all three channels if the recipe has one. */
export function applyRecipe(image: RgbImage, recipe: Recipe): RgbImage {
  const source = recipe.channels === 1 ? toGrey(image) : image;
  const { width, height } = shorterSideTo(recipe.resize, source.width, source.height);
  return resizeBicubic(source, width, height, centreCrop(recipe.crop, width, height));
}
