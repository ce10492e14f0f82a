/**
 * The middle of multi-scale deformable attention (Deformable DETR; mmcv): every query samples each head's values at a few
 * points around its own place, on every level, and mixes them by the softmax of its scores. One image.
 *
 * The options, and the twin that computes them in float64. The kernels are deformable.asm.ts and deformable.c.
 */
import type { Rows } from '../rows.ts';

export interface DeformableOptions {
  /** Queries Q. */
  readonly queries: number;
  /** Channels d, a multiple of the heads. */
  readonly channels: number;
  readonly heads: number;
  /** Points of a head on each level. */
  readonly points: number;
  /** Number of levels; levels · points is at most 64. */
  readonly levels: number;
  /** [levels, 2] int32: height and width of each level's grid. */
  readonly grids: number;
  /** [Q, 2]: x and y of each query's own place as shares of width and height. */
  readonly references: Rows;
  /** [Q, heads · levels · points · 2]: x and y in cells of the level. */
  readonly offsets: Rows;
  /** [Q, heads · levels · points], before softmax over all of a head's. */
  readonly scores: Rows;
  /** [S, d]: the cells of all levels, level after level, each in raster order; what lies outside a grid is zero. */
  readonly values: Rows;
  /** Output [Q, d]. Must not overlap an input. */
  readonly to: Rows;
}

/** The twin: reads what the options name out of `buffer`, writes nothing; [Q, d], adjacent. */
export function deformableReference(buffer: ArrayBufferLike, options: DeformableOptions): Float64Array {
  const { queries, channels, heads, points, levels, references, offsets, scores, values } = options;
  const floats = new Float32Array(buffer);
  const at = (rows: Rows, row: number) => rows.at / 4 + row * rows.stride;
  const grids = new Int32Array(buffer, options.grids, 2 * levels);
  const samples = levels * points;
  const share = channels / heads;
  const to = new Float64Array(queries * channels);
  for (let query = 0; query < queries; query++) {
    for (let head = 0; head < heads; head++) {
      const first = at(scores, query) + head * samples;
      const own = floats.subarray(first, first + samples);
      const largest = Math.max(...own);
      const exponentials = Float64Array.from(own, (score) => Math.exp(score - largest));
      const sum = exponentials.reduce((total, value) => total + value, 0);
      let start = 0;
      for (let level = 0; level < levels; level++) {
        const [height, width] = grids.subarray(2 * level);
        for (let point = 0; point < points; point++) {
          const sample = level * points + point;
          const offset = at(offsets, query) + 2 * (head * samples + sample);
          // location = reference + offset / size, as a share; in cells = location · size - 1/2
          const x = floats[at(references, query)] * width + floats[offset] - 0.5;
          const y = floats[at(references, query) + 1] * height + floats[offset + 1] - 0.5;
          const [left, top] = [Math.floor(x), Math.floor(y)];
          for (const row of [top, top + 1].filter((place) => place >= 0 && place < height)) {
            for (const column of [left, left + 1].filter((place) => place >= 0 && place < width)) {
              const weight = (1 - Math.abs(y - row)) * (1 - Math.abs(x - column));
              const from = at(values, start + row * width + column) + head * share;
              for (let i = 0; i < share; i++) {
                to[query * channels + head * share + i] +=
                  (exponentials[sample] / sum) * weight * floats[from + i];
              }
            }
          }
        }
        start += height * width;
      }
    }
  }
  return to;
}
