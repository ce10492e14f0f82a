/** The three ways in which COCO writes a mask down, and how each becomes runs. */
import { UserError } from '@vssm/core';
import { rleFromPolygons } from './polygon.ts';
import { type Rle, rleFromCounts, rleFromString } from './rle.ts';

/** Polygons (x, y, x, y, … in pixels), or runs as a list or as COCO's compressed string; `size` is [height, width]. */
export type Segmentation =
  | readonly ArrayLike<number>[]
  | { readonly size: readonly number[]; readonly counts: readonly number[] | string };

/**
 * The mask of a segmentation in an image.
 *
 * @param height of the image, pixels
 * @param name what the user knows the mask as, for messages
 * @throws UserError when it is none of the three, or made for an image of another size
 */
export function maskOf(segmentation: Segmentation, height: number, width: number, name: string): Rle {
  if (Array.isArray(segmentation)) return rleFromPolygons(segmentation, height, width, name);
  const { size, counts } = segmentation as Exclude<Segmentation, readonly ArrayLike<number>[]>;
  if (size.length !== 2 || size[0] !== height || size[1] !== width) {
    throw new UserError(
      `${name}: a mask of ${size.join('x')} in an image of ${height}x${width} (height x width)`,
    );
  }
  return typeof counts === 'string'
    ? rleFromString(counts, height, width, name)
    : rleFromCounts(counts, height, width, name);
}
