/**
 * A data set of encoded image files, wherever their bytes lie (folder or archive), passed through one recipe.
 */
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '@vssm/core';
import { type Decoder, decodeImage } from './codec.ts';
import { at, byId, type ImageDataset, type ImageFile, listingChecksum, readImageFile } from './dataset.ts';
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
  source: Pick<ImageDataset, 'name' | 'split' | 'classes' | 'close'>,
  unsorted: readonly ImageFile[],
  options: ImageOptions,
): ImageDataset {
  const recipe = recipeFor(options.recipe ?? 'vim-imagenet', options.imageSize);
  const files = unsorted.toSorted(byId);
  const preview = async (index: number) => {
    const file = at(files, index, source.name);
    return applyRecipe(await decodeImage(await readImageFile(file), file.path), recipe);
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

const imageName = /\.(jpe?g|png|webp)$/i;

/** Whether a name is an image's; a hidden one (macOS leaves `._x.JPEG` beside `x.JPEG`) is not. */
export function isImageName(name: string): boolean {
  return imageName.test(name) && !name.startsWith('.');
}

/** What lies directly in a folder, each list sorted; hidden entries are left out, links are followed. */
export interface Listing {
  readonly folders: readonly string[];
  readonly images: readonly string[];
}

/**
 * Lists a folder.
 *
 * @param what what the user knows the folder as, for the message
 * @throws UserError when it is not a folder or may not be read
 */
export function listFolder(dir: string, what: string): Listing {
  const folders: string[] = [];
  const images: string[] = [];
  for (const entry of entriesOf(dir, what)) {
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(dir, entry.name)))) {
      folders.push(entry.name);
    } else if (isImageName(entry.name)) {
      images.push(entry.name);
    }
  }
  return { folders: folders.sort(), images: images.sort() };
}

function entriesOf(dir: string, what: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`${what} ${dir}: does not exist; check the path`);
    if (code === 'ENOTDIR') throw new UserError(`${what} ${dir}: is not a folder; check the path`);
    throw new UserError(`${what} ${dir}: cannot be listed (${message})`);
  }
}

/** Whether a path leads to a folder, through links too. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A file on disk as an image of a data set; if it cannot be read, that shows when it is. */
export function fileOnDisk(path: string, id: string, label: number): ImageFile {
  const stats = statSync(path, { throwIfNoEntry: false });
  const read = async () => {
    if (stats?.isFile() === false) throw new UserError(`image ${path}: is not a file`);
    return readFile(path);
  };
  return { id, label, path, size: stats?.size ?? 0, read };
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
 * Unlabelled images: the JPEG, PNG and WebP files that lie directly in a folder, sorted by name; every label
 * is -1. The checksum is that of the names, sizes and labels.
 *
 * @throws UserError when the folder does not exist or holds no image
 */
export async function openImageFolder(dir: string, options: ImageOptions = {}): Promise<ImageDataset> {
  const { images } = listFolder(dir, 'image folder');
  if (images.length === 0) {
    throw new UserError(`image folder ${dir}: no .jpg, .jpeg, .png or .webp file lies directly in it`);
  }
  const files = images.map((name) => fileOnDisk(join(dir, name), name, -1));
  const source = { name: basename(resolve(dir)), split: 'unlabelled', classes: [], close: async () => {} };
  return imageFilesDataset(source, files, options);
}
