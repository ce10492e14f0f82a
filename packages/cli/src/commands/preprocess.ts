/** One image through a recipe's 8-bit stage: read, scaled, cropped, and written as a PNG of the same pixels. */
import { createHash } from 'node:crypto';
import { oneOf, UserError } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import {
  applyRecipe,
  applyVisionRecipe,
  encodePng,
  openImage,
  type RgbImage,
  recipeFor,
  recipeNames,
  type SizeLimits,
  type VisionRecipeName,
  visionRecipeFor,
  visionRecipeNames,
} from '@vssm/datasets';

export interface PreprocessOptions {
  readonly recipe: string;
  /** JPEG, PNG or WebP file. */
  readonly input: string;
  /** PNG file; appears whole or not at all. */
  readonly output: string;
  readonly json: boolean;
  /** Side of the crop, pixels; for classifiers. Default: the recipe's own. */
  readonly size?: number;
  /** How long the sides may become; for detectors and segmenters. Default: the recipe's own. */
  readonly limits?: SizeLimits;
}

export interface PreprocessSummary {
  readonly recipe: string;
  readonly input: string;
  readonly output: string;
  readonly width: number;
  readonly height: number;
  /** SHA-256, hex, of the RGB bytes, row by row. */
  readonly sha256: string;
}

const allRecipeNames = [...recipeNames, ...visionRecipeNames] as const;

/** @throws UserError for an unknown recipe, an unreadable image or a size out of range */
export async function preprocess(options: PreprocessOptions): Promise<PreprocessSummary> {
  const { input, output } = options;
  const recipe = oneOf('recipe', options.recipe, allRecipeNames);
  const image = isDense(recipe) ? await throughVision(recipe, options) : await throughCrop(recipe, options);
  writeWhole(output, await encodePng(image));
  const { width, height, data } = image;
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { recipe, input, output, width, height, sha256 };
}

function isDense(name: (typeof allRecipeNames)[number]): name is VisionRecipeName {
  return visionRecipeNames.some((dense) => dense === name);
}

async function throughCrop(name: string, { input, size, limits }: PreprocessOptions): Promise<RgbImage> {
  if (limits !== undefined) {
    throw new UserError(`--max goes with ${visionRecipeNames.join(', ')}; ${name} takes --size`);
  }
  const recipe = recipeFor(name, size);
  return applyRecipe(await openImage(input, recipe.decoder), recipe);
}

async function throughVision(name: string, { input, size, limits }: PreprocessOptions): Promise<RgbImage> {
  if (size !== undefined)
    throw new UserError(`--size goes with ${recipeNames.join(', ')}; ${name} takes --max`);
  const recipe = visionRecipeFor(name, limits);
  return applyVisionRecipe(await openImage(input, 'opencv'), recipe, input);
}
