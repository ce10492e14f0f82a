/** Sizes of images and grids, height before width, as options give them. */
import { UserError } from '@vssm/core';
import type { Size } from '../family.ts';

export function checkSize(what: string, { height, width }: Size, least: number): void {
  for (const side of [height, width]) checkWhole(what, side, least);
}

export function checkWhole(what: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least || value > 1 << 16) {
    throw new UserError(`${what} ${value}: must be a whole number from ${least} to ${1 << 16}`);
  }
}

/** @throws UserError where a grid has another number of patches than the position embedding */
export function checkGrid(grid: Size, patches: number): void {
  checkSize('grid', grid, 1);
  if (grid.height * grid.width !== patches) {
    throw new UserError(
      `grid ${show(grid)} has ${grid.height * grid.width} patches, but pos_embed holds ${patches}`,
    );
  }
}

export function isSquare(patches: number): boolean {
  return Number.isInteger(Math.sqrt(patches));
}

/** @throws UserError where the patches make no square */
export function squareGrid(patches: number): Size {
  const side = Math.sqrt(patches);
  if (!isSquare(patches)) {
    throw new UserError(
      `pos_embed holds ${patches} patches, which is no square; say how they lie with --grid HxW, for instance ${show(nearSquare(patches))}, or give --image-size HxW`,
    );
  }
  return { height: side, width: side };
}

/** The factors of `patches` that lie closest together. */
function nearSquare(patches: number): Size {
  let height = Math.floor(Math.sqrt(patches));
  while (patches % height !== 0) height--;
  return { height, width: patches / height };
}

export function show({ height, width }: Size): string {
  return `${height}x${width}`;
}
