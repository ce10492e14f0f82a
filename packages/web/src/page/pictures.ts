/** Pictures on their way into a model: samples of the data set and the user's own files, as 8-bit RGB. */
import { UserError } from '@vssm/core';
import type { RgbImage } from '@vssm/datasets';
import { normalise } from '@vssm/datasets/normalise';
import { applyRecipe, type Recipe, recipeFor } from '@vssm/datasets/recipe';
import { imageRecipeOf, type ModelSpec } from '@vssm/families';
import type { Samples } from '../exchange.ts';
import { withoutExif } from './stored-pixels.ts';

export interface Picture {
  readonly id: string;
  /**
   * As the reader of a model's recipe gives it.
   *
   * @throws UserError naming the file
   */
  read(like: Recipe['decoder']): Promise<RgbImage>;
  /** Index in the samples' data set and class there; null for the user's own pictures. */
  readonly sample: { readonly index: number; readonly label: number } | null;
}

/** A picture as the model sees it. */
export interface Prepared {
  /** After scaling and cutting, before normalisation. */
  readonly seen: RgbImage;
  /** [C, H, W] */
  readonly pixels: Float32Array;
}

/** More would not fit beside a model. */
const mostPixels = 64e6;

export function samplePictures({ images }: Samples): Picture[] {
  return images.map(({ index, id, label, width, height, pixels }) => {
    const grey = atob(pixels);
    const data = new Uint8Array(3 * grey.length);
    for (let at = 0; at < data.length; at++) data[at] = grey.charCodeAt(Math.floor(at / 3));
    const image = { width, height, data };
    return { id, read: async () => image, sample: { index, label } };
  });
}

/** A file of the user's, decoded whenever it is read: photographs are large, and what a model sees of them is not. */
export function filePicture(file: File): Picture {
  return { id: file.name, read: (like) => decodeFile(file, like), sample: null };
}

/**
 * Decoded by the browser, colours as stored. As OpenCV does it, the picture is turned as its EXIF data says; as Pillow
 * does it, it is not.
 */
async function decodeFile(file: File, like: Recipe['decoder']): Promise<RgbImage> {
  let bitmap: ImageBitmap;
  try {
    const source = like === 'opencv' ? file : new Blob(withoutExif(new Uint8Array(await file.arrayBuffer())));
    bitmap = await createImageBitmap(source, {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
  } catch {
    throw new UserError(`picture ${file.name}: this browser cannot decode it; use a JPEG, PNG or WebP file`);
  }
  const { width, height } = bitmap;
  try {
    if (width * height > mostPixels) {
      throw new UserError(
        `picture ${file.name}: ${width}x${height} is more than this page takes; scale it down`,
      );
    }
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0);
    const rgba = context.getImageData(0, 0, width, height).data;
    const data = new Uint8Array(3 * width * height);
    for (let from = 0, to = 0; to < data.length; from += 4) {
      data[to++] = rgba[from];
      data[to++] = rgba[from + 1];
      data[to++] = rgba[from + 2];
    }
    return { width, height, data };
  } finally {
    bitmap.close();
  }
}

/**
 * The recipe of a model.
 *
 * @throws UserError for one that none fits
 */
export function recipeOf(spec: ModelSpec): Recipe {
  const { imageHeight, imageWidth, inChannels } = spec;
  if (imageHeight !== imageWidth || (inChannels !== 1 && inChannels !== 3)) {
    throw new UserError(
      `the model takes ${inChannels}x${imageHeight}x${imageWidth}; pictures can be made square, with 1 or 3 channels`,
    );
  }
  return recipeFor(imageRecipeOf(spec), imageWidth);
}

/** @throws UserError naming a file that cannot be read */
export async function preparePicture(picture: Picture, recipe: Recipe): Promise<Prepared> {
  const seen = applyRecipe(await picture.read(recipe.decoder), recipe);
  return { seen, pixels: normalise(seen, recipe) };
}
