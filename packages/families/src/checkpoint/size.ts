/** Sizes of images and grids, height before width, as options give them. */
import { UserError } from '@vssm/core';
import type { Size } from '../family.ts';
import type { ModelFamily } from '../table.ts';

export type { Size };

/** What the weights of a model may leave open. */
export interface GridOptions {
  /** Whose weights they are, where tensors alone cannot tell; default: see loadModel. */
  readonly family?: ModelFamily;
  /** Step between patches, pixels; Vim's only. */
  readonly stride?: number;
  /** Input image, pixels. */
  readonly imageSize?: Size;
  /** Grid of the position embedding: patches per column and row. */
  readonly grid?: Size;
  /**
   * An input at hand, pixels, which nobody says the model was trained on: it tells how the patches lie where they make
   * no square, neither image nor grid is given, and it has as many.
   */
  readonly input?: Size;
}

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
