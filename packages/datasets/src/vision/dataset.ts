/** What the data sets of detection and segmentation look like from outside. */
import { createHash } from 'node:crypto';
import { UserError } from '@vssm/core';
import { decodeImage } from '../codec.ts';
import { type ImageFile, readImageFile } from '../dataset.ts';
import type { RgbImage } from '../image.ts';
import {
  applyVisionRecipe,
  type PreparedImage,
  prepare,
  type Size,
  type SizeLimits,
  type VisionRecipe,
  type VisionRecipeName,
  visionRecipeFor,
} from './recipe.ts';

export interface VisionSample {
  /** Place in `samples`; stable. */
  readonly index: number;
  /** Names the sample within its data set. */
  readonly id: string;
}

/** @template Truth what is known about one image */
export interface VisionDataset<Truth> {
  readonly name: string;
  /** What results call it, as titles.ts says; the name where nothing is known. */
  readonly title?: string;
  readonly split: string;
  /** Class names, in the order in which models count classes. */
  readonly classes: readonly string[];
  readonly samples: readonly VisionSample[];
  /** SHA-256, hex, that identifies the data; the opening function says of what. */
  readonly checksum: string;
  /**
   * The image as the model reads it.
   *
   * @throws UserError naming the file when it cannot be read
   */
  load(index: number): Promise<PreparedImage>;
  /** The image after all resizing, before normalisation. */
  preview(index: number): Promise<RgbImage>;
  /** The image as it is stored. */
  original(index: number): Promise<RgbImage>;
  truth(index: number): Promise<Truth>;
  /** Closes files; nothing can be loaded afterwards. */
  close(): Promise<void>;
}

export interface VisionOptions {
  readonly recipe?: VisionRecipeName;
  /** Default: the recipe's. */
  readonly limits?: SizeLimits;
}

export function visionRecipeOf(options: VisionOptions, usual: VisionRecipeName): VisionRecipe {
  return visionRecipeFor(options.recipe ?? usual, options.limits);
}

/**
 * The three ways in which an image file is seen. Decoded as OpenCV does, since upstream's pipelines use it.
 *
 * @param check refuses a picture that is not the one expected
 */
export function viewsOf(
  fileAt: (index: number) => ImageFile,
  recipe: VisionRecipe,
  check: (picture: RgbImage, index: number) => void = () => {},
): Pick<VisionDataset<unknown>, 'load' | 'preview' | 'original'> {
  const original = async (index: number) => {
    const file = fileAt(index);
    const picture = await decodeImage(await readImageFile(file), file.path, 'opencv');
    check(picture, index);
    return picture;
  };
  return {
    original,
    preview: async (index) => applyVisionRecipe(await original(index), recipe, fileAt(index).path),
    load: async (index) => prepare(await original(index), recipe, fileAt(index).path),
  };
}

/** Refuses a picture that is not of the size its annotation was made for. */
export function checkPictureSize(image: Size, expected: Size, file: string, says: string): void {
  if (image.height === expected.height && image.width === expected.width) return;
  throw new UserError(
    `${file}: ${image.height}x${image.width}, but ${says} says ${expected.height}x${expected.width} ` +
      '(height x width); are they of one version?',
  );
}

/** SHA-256 over the lines `id<tab>size` of the files, in order, and over what else is given. */
export function visionChecksum(files: readonly ImageFile[], more: readonly string[]): string {
  const hash = createHash('sha256');
  for (const { id, size } of files) hash.update(`${id}\t${size}\n`);
  for (const line of more) hash.update(`${line}\n`);
  return hash.digest('hex');
}
