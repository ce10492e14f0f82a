/**
 * Image size and trained grid of a PlainMamba from what its weights tell (the side P of a cell and the number of
 * cells M, the rows of pos_embed) and what the user says. An image of H x W pixels has ceil(ceil(H/2)/(P/2)) rows of
 * cells; where its grid is not the trained one, the position embedding is resized, so any image fits. The trained
 * grid is
 * 1. the one that is given; else
 * 2. where M is no square, that of the given image, which must have M cells, or that of the input, if it has; else
 * 3. a square. An image whose grid has those M cells in another shape says two things at once, and is refused.
 * Without an image size, the image is the one that the trained grid is cut from: P pixels per cell.
 */
import { UserError } from '@vssm/core';
import { checkGrid, checkSize, isSquare, show, squareGrid } from '../../checkpoint/size.ts';
import type { GridOptions, Size } from '../../family.ts';

export interface PlainMambaGeometry {
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly positionRows: number;
  readonly positionColumns: number;
}

export function resolvePlainMambaGrid(
  cells: number,
  patchSize: number,
  options: GridOptions,
): PlainMambaGeometry {
  const { stride, grid } = options;
  if (stride !== undefined) {
    throw new UserError(`stride ${stride}: a PlainMamba has none; its cells never overlap`);
  }
  if (options.imageSize !== undefined) checkSize('image size', options.imageSize, 1);
  const imageSize =
    options.imageSize ?? (grid === undefined ? fittingInput(cells, patchSize, options) : undefined);
  if (grid !== undefined) checkGrid(grid, cells);
  const trained = grid ?? trainedGrid(cells, patchSize, imageSize);
  return {
    imageHeight: imageSize?.height ?? trained.height * patchSize,
    imageWidth: imageSize?.width ?? trained.width * patchSize,
    positionRows: trained.height,
    positionColumns: trained.width,
  };
}

function fittingInput(cells: number, patchSize: number, { input }: GridOptions): Size | undefined {
  if (input === undefined || isSquare(cells)) return undefined;
  const { height, width } = gridOf(input, patchSize);
  return height * width === cells ? input : undefined;
}

function trainedGrid(cells: number, patchSize: number, image: Size | undefined): Size {
  if (image === undefined) return squareGrid(cells);
  const found = gridOf(image, patchSize);
  const asMany = found.height * found.width === cells;
  if (!isSquare(cells)) {
    if (asMany) return found;
    throw new UserError(
      `image ${show(image)} gives ${show(found)} = ${found.height * found.width} patches, but pos_embed holds ${cells}, which is no square; say how they lie with --grid HxW`,
    );
  }
  const square = squareGrid(cells);
  if (asMany && found.height !== square.height) {
    throw new UserError(
      `pos_embed holds ${cells} patches, which may lie ${show(square)} or, as in an image of ${show(image)}, ${show(found)}; say which with --grid HxW`,
    );
  }
  return square;
}

function gridOf({ height, width }: Size, patchSize: number): Size {
  const cellsAlong = (side: number) => Math.ceil(Math.ceil(side / 2) / (patchSize / 2));
  return { height: cellsAlong(height), width: cellsAlong(width) };
}
