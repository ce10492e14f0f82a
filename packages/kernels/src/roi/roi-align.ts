/**
 * RoIAlign as mmcv has it with aligned=True and an adaptive number of samples: a region is cut into side x side bins,
 * each the mean of ceil(bin height) x ceil(bin width) bilinear samples of the map of the region's own level.
 *
 * The options, and the twin that computes them in float64. The kernels are roi-align.asm.ts and roi-align.c.
 */
import type { Rows } from '../rows.ts';

export interface RoiAlignOptions {
  /** Regions n. */
  readonly regions: number;
  readonly channels: number;
  /** Bins along a side of a region. */
  readonly side: number;
  /** Number of levels. */
  readonly levels: number;
  /** [levels, 3] int32: height and width of each level's grid, up to 4096, and pixels along a side of its cells. */
  readonly grids: number;
  /** [n, 4]: x1, y1, x2, y2 in pixels. */
  readonly boxes: number;
  /** [n] int32: the level that each is read from. */
  readonly boxLevels: number;
  /** [S, channels]: the cells of all levels, level after level, each in raster order. */
  readonly values: Rows;
  /** Output [n · side · side, channels]; zeros for a region without height or width. Must not overlap an input. */
  readonly to: Rows;
}

/** The twin: reads what the options name out of `buffer`, writes nothing; [n · side · side, channels], adjacent. */
export function roiAlignReference(buffer: ArrayBufferLike, options: RoiAlignOptions): Float64Array {
  const { regions, channels, side, levels, values } = options;
  const floats = new Float32Array(buffer);
  const integers = new Int32Array(buffer);
  const grids = integers.subarray(options.grids / 4, options.grids / 4 + 3 * levels);
  const to = new Float64Array(regions * side * side * channels);
  for (let region = 0; region < regions; region++) {
    const level = integers[options.boxLevels / 4 + region];
    const [height, width, stride] = grids.subarray(3 * level);
    let start = 0;
    for (let i = 0; i < level; i++) start += grids[3 * i] * grids[3 * i + 1];
    const [left, top, right, bottom] = [0, 1, 2, 3].map(
      (i) => floats[options.boxes / 4 + 4 * region + i] / stride - 0.5,
    );
    for (let bin = 0; bin < side * side; bin++) {
      const rows = shares(top, (bottom - top) / side, Math.floor(bin / side), height);
      const columns = shares(left, (right - left) / side, bin % side, width);
      for (const [row, share] of rows) {
        for (const [column, other] of columns) {
          const from = values.at / 4 + (start + row * width + column) * values.stride;
          for (let c = 0; c < channels; c++) {
            to[(region * side * side + bin) * channels + c] += share * other * floats[from + c];
          }
        }
      }
    }
  }
  return to;
}

/** Cells along one side of a map with their shares in a bin: none beyond one cell outside, the border's own value there. */
function shares(start: number, bin: number, index: number, size: number): [cell: number, share: number][] {
  const samples = Math.ceil(bin);
  const found: [number, number][] = [];
  for (let i = 0; i < samples; i++) {
    const position = start + index * bin + ((i + 0.5) * bin) / samples;
    if (position < -1 || position > size) continue;
    const inside = Math.max(position, 0);
    const first = Math.floor(inside);
    if (first >= size - 1) found.push([size - 1, 1 / samples]);
    else found.push([first, (1 - (inside - first)) / samples], [first + 1, (inside - first) / samples]);
  }
  return found;
}
