/** One image through a recipe's 8-bit stage: read, scaled, cropped, and written as a PNG of the same pixels. */
import { createHash } from 'node:crypto';
import { applyRecipe, encodePng, openImage, recipeFor } from '@vssm/datasets';
import { writeFileAtomically } from '../write-file.ts';

export interface PreprocessOptions {
  readonly recipe: string;
  /** JPEG, PNG or WebP file. */
  readonly input: string;
  /** PNG file; appears whole or not at all. */
  readonly output: string;
  readonly json: boolean;
  /** Side of the crop, pixels. Default: the recipe's own. */
  readonly size?: number;
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

/** @throws UserError for an unknown recipe, an unreadable image or a size out of range */
export async function preprocess(options: PreprocessOptions): Promise<PreprocessSummary> {
  const { input, output } = options;
  const recipe = recipeFor(options.recipe, options.size);
  const image = applyRecipe(await openImage(input), recipe);
  await writeFileAtomically(output, await encodePng(image));
  const { width, height, data } = image;
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { recipe: recipe.name, input, output, width, height, sha256 };
}
