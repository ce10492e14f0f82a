/**
 * The shapes that the kernels take: every call is checked against them, and whoever builds on the kernels asks first.
 */

export const maxStates = 256;
/** Taps of the causal convolution. */
export const maxTaps = 8;
/** MAX_KERNEL and MAX_CELLS of grid-conv.asm.ts. */
export const maxGridKernel = 11;
export const maxGridCells = 3600;
const maxGridSide = 2 ** 15;

/** Samples of a head, levels · points: MAX_SAMPLES of deformable.asm.ts. */
export const maxSamples = 64;

/** Cells along a side of a map that regions are read from: MAX_GRID of roi-align.asm.ts. */
export const maxRoiGrid = 4096;
/** Pixels: regions reach no further from the origin. */
export const farthestPixel = 2 ** 20;

/** States come in vectors of four. */
export function takesStates(states: number): boolean {
  return states % 4 === 0 && states <= maxStates;
}

export interface GridShape {
  /** Side of the convolution. */
  readonly kernel: number;
  readonly rows: number;
  readonly columns: number;
}

/** Cells that the grid's convolution keeps at once: as many rows as it is high, with their margins. */
export function cellsAtOnce({ kernel, rows, columns }: GridShape): number {
  return Math.min(rows, kernel) * (columns + kernel - 1);
}

/** Whether the grid convolution takes this kernel on this grid. */
export function takesGrid(shape: GridShape): boolean {
  const { kernel, rows, columns } = shape;
  return (
    kernel % 2 === 1 &&
    kernel <= maxGridKernel &&
    Math.max(rows, columns) <= maxGridSide &&
    cellsAtOnce(shape) <= maxGridCells
  );
}
