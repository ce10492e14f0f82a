/** Pictures on their way into a model: samples of the data set and the user's own files, as 8-bit RGB. */
import { UserError } from '@vssm/core';
import type { RgbImage } from '@vssm/datasets';
import { normalise } from '@vssm/datasets/normalise';
import { applyRecipe, recipeFor } from '@vssm/datasets/recipe';
import { imageRecipeOf, type ModelSpec } from '@vssm/families';
import type { Samples } from '../exchange.ts';

export interface Picture {
  readonly id: string;
  readonly image: RgbImage;
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
    return { id, image: { width, height, data }, sample: { index, label } };
  });
}

/**
 * Decoded by the browser, upright as its EXIF data says, colours as stored.
 *
 * @throws UserError naming the file
 */
export async function decodePicture(file: File): Promise<Picture> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
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
    return { id: file.name, image: { width, height, data }, sample: null };
  } finally {
    bitmap.close();
  }
}

/** @throws UserError for a model that no recipe fits */
export function preparePicture({ image }: Picture, spec: ModelSpec): Prepared {
  const { imageHeight, imageWidth, inChannels } = spec;
  if (imageHeight !== imageWidth || (inChannels !== 1 && inChannels !== 3)) {
    throw new UserError(
      `the model takes ${inChannels}x${imageHeight}x${imageWidth}; pictures can be made square, with 1 or 3 channels`,
    );
  }
  const recipe = recipeFor(imageRecipeOf(spec), imageWidth);
  const seen = applyRecipe(image, recipe);
  return { seen, pixels: normalise(seen, recipe) };
}
