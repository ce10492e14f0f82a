/**
 * Image size, stride and grid of a Vim from what its weights tell (the patch size P and the number of patches M,
 * which is the rows of pos_embed without the class token's) and what the user says.
 *
 * An image of H x W pixels and a stride S give a grid of (floor((H - P)/S) + 1) x (floor((W - P)/S) + 1) patches,
 * which must be M in all. In order:
 * 1. image given: the stride is the given one, else P if that fits M, else a divisor of P that does (patches
 *    overlap by halves, quarters, …; two divisors never give the same M);
 * 2. grid given: the image is (g - 1)·S + P on each axis, S given or P;
 * 3. nothing but perhaps the stride, and M no square: an input at hand that has M patches is the image, as in 1;
 * 4. nothing but perhaps the stride: the grid is square, the image follows as in 2. One exception, because the
 *    weights cannot tell: where M is what 224 x 224 gives at half the patch size, as in upstream's models
 *    fine-tuned at stride 8, that is what it is taken for.
 */
import { UserError } from '@vssm/core';
import { checkGrid, checkSize, checkWhole, isSquare, show, squareGrid } from '../../checkpoint/size.ts';
import type { GridOptions, Size } from '../../family.ts';

export interface Geometry {
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly stride: number;
}

/** Upstream's own resolution (img_size), pixels. */
const upstreamSide = 224;

export function resolveGrid(patches: number, patchSize: number, options: GridOptions): Geometry {
  const { stride, imageSize, grid } = options;
  if (stride !== undefined) checkWhole('stride', stride);
  if (imageSize !== undefined) checkSize('image size', imageSize, patchSize);
  if (grid !== undefined) checkGrid(grid, patches);
  if (imageSize !== undefined) {
    return fromImage(imageSize, strideFor(imageSize, patches, patchSize, stride, grid));
  }
  if (grid !== undefined) return fromGrid(grid, patchSize, stride ?? patchSize);

  if (options.input !== undefined && !isSquare(patches)) {
    const found = fittingStride(options.input, patches, patchSize, stride);
    if (found !== undefined) return fromImage(options.input, found);
  }

  const square = squareGrid(patches);
  const upstream = { height: upstreamSide, width: upstreamSide };
  const half = patchSize / 2;
  if (stride === undefined && Number.isInteger(half) && patchesOf(upstream, patchSize, half) === patches) {
    return fromImage(upstream, half);
  }
  return fromGrid(square, patchSize, stride ?? patchSize);
}

/** The stride at which `image` has the patches that pos_embed holds. */
function strideFor(
  image: Size,
  patches: number,
  patchSize: number,
  given: number | undefined,
  grid: Size | undefined,
): number {
  const fitting = fittingStride(image, patches, patchSize, given, grid);
  if (fitting !== undefined) return fitting;
  const first = given ?? patchSize;
  const found = gridOf(image, patchSize, first);
  throw new UserError(
    `image ${show(image)} at stride ${first} gives ${show(found)} = ${found.height * found.width} patches, but pos_embed holds ${patches}${
      grid === undefined ? '' : ` in a grid of ${show(grid)}`
    }; give the image size and stride that the model was trained with (--image-size, --stride)`,
  );
}

function fittingStride(
  image: Size,
  patches: number,
  patchSize: number,
  given: number | undefined,
  grid?: Size,
): number | undefined {
  const fits = (stride: number) => {
    const found = gridOf(image, patchSize, stride);
    return (
      found.height * found.width === patches &&
      (grid === undefined || (found.height === grid.height && found.width === grid.width))
    );
  };
  if (fits(given ?? patchSize)) return given ?? patchSize;
  if (given !== undefined) return undefined;
  for (let stride = 1; stride < patchSize; stride++) {
    if (patchSize % stride === 0 && fits(stride)) return stride;
  }
  return undefined;
}

function gridOf({ height, width }: Size, patchSize: number, stride: number): Size {
  return {
    height: Math.floor((height - patchSize) / stride) + 1,
    width: Math.floor((width - patchSize) / stride) + 1,
  };
}

function patchesOf(image: Size, patchSize: number, stride: number): number {
  const { height, width } = gridOf(image, patchSize, stride);
  return height * width;
}

function fromImage({ height, width }: Size, stride: number): Geometry {
  return { imageHeight: height, imageWidth: width, stride };
}

function fromGrid({ height, width }: Size, patchSize: number, stride: number): Geometry {
  return {
    imageHeight: (height - 1) * stride + patchSize,
    imageWidth: (width - 1) * stride + patchSize,
    stride,
  };
}
