/**
 * A data set of encoded image files, wherever their bytes lie (folder or archive), passed through one recipe.
 */
import { basename, resolve } from 'node:path';
import { UserError } from '@vssm/core';
import { decodeImage } from './codec.ts';
import { at, byId, type ImageDataset, type ImageFile, listingChecksum, readImageFile } from './dataset.ts';
import type { Decoder } from './decoder.ts';
import { fileOnDisk, isFile, isImageName, listFolder } from './folder.ts';
import type { RgbImage } from './image.ts';
import { normalise } from './normalise.ts';
import { applyRecipe, type Recipe, type RecipeName, recipeFor } from './recipe.ts';

export interface ImageOptions {
  /** Default: vim-imagenet. */
  readonly recipe?: RecipeName;
  /** Side of the model's input, pixels. Default: the recipe's own. */
  readonly imageSize?: number;
}

/** The data set of these files, in the order of their ids. */
export function imageFilesDataset(
  source: Pick<ImageDataset, 'name' | 'split' | 'classes' | 'notes' | 'close'>,
  unsorted: readonly ImageFile[],
  options: ImageOptions,
): ImageDataset {
  const recipe = recipeFor(options.recipe ?? 'vim-imagenet', options.imageSize);
  const files = unsorted.toSorted(byId);
  const preview = async (index: number) => {
    const file = at(files, index, source.name);
    return applyRecipe(await decodeImage(await readImageFile(file), file.path, recipe.decoder), recipe);
  };
  return {
    ...source,
    ...inputShape(recipe),
    samples: files.map(({ id, label }, index) => ({ index, id, label })),
    checksum: listingChecksum(files),
    preview,
    load: async (index) => normalise(await preview(index), recipe),
  };
}

function inputShape(recipe: Recipe) {
  return { channels: recipe.channels, height: recipe.crop, width: recipe.crop };
}

/**
 * Decodes one image file: JPEG, PNG or WebP.
 *
 * @param like default: pillow
 * @throws UserError naming the file when it cannot be read or decoded
 */
export async function openImage(path: string, like?: Decoder): Promise<RgbImage> {
  return decodeImage(await readImageFile(fileOnDisk(path, path, -1)), path, like);
}

/**
 * Unlabelled images: the JPEG, PNG and WebP files that lie directly in a folder, sorted by name, or one file; every
 * label is -1. The checksum is that of the names, sizes and labels.
 *
 * @throws UserError when the folder does not exist or holds no image
 */
export async function openImageFolder(dir: string, options: ImageOptions = {}): Promise<ImageDataset> {
  const source = { name: basename(resolve(dir)), split: 'unlabelled', classes: [], close: async () => {} };
  if (isFile(dir) && !isImageName(dir)) {
    throw new UserError(`image folder ${dir}: is not a folder, nor a .jpg, .jpeg, .png or .webp file`);
  }
  if (isFile(dir)) return imageFilesDataset(source, [fileOnDisk(dir, basename(dir), -1)], options);
  const { images } = listFolder(dir, 'image folder');
  if (images.length === 0) {
    throw new UserError(`image folder ${dir}: no .jpg, .jpeg, .png or .webp file lies directly in it`);
  }
  const files = images.map(({ name, path }) => fileOnDisk(path, name, -1));
  return imageFilesDataset(source, files, options);
}
