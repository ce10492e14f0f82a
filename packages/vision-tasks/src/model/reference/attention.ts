/**
 * Multi-scale deformable attention (Deformable DETR; mmcv): every query samples each head's values at a few points
 * around its own place, on every level, and mixes them by weights that it predicts.
 */
import { linear, type Observer, type Parameters } from '@vssm/core/reference';

/** Maps of values as one sequence, level after level, each in raster order. */
export interface Level {
  readonly height: number;
  readonly width: number;
}

/** Centre of a query's own cell, as shares of the width and the height. */
export interface ReferencePoint {
  readonly x: number;
  readonly y: number;
}

/** The centres of all cells of levels, in their order. */
export function cellCentres(levels: readonly Level[]): readonly ReferencePoint[] {
  return levels.flatMap(({ height, width }) =>
    Array.from({ length: height * width }, (_, cell) => ({
      x: ((cell % width) + 0.5) / width,
      y: (Math.floor(cell / width) + 0.5) / height,
    })),
  );
}

export interface AttentionShape {
  readonly width: number;
  readonly heads: number;
  readonly points: number;
}

/**
 * @param queries [Q, d], normed, with the reference point of each
 * @param values [S, d], normed: the cells of all `levels`
 * @returns [Q, d]
 */
export function deformableAttention(
  parameter: Parameters,
  name: string,
  { width: d, heads, points }: AttentionShape,
  queries: Float64Array,
  references: readonly ReferencePoint[],
  values: Float64Array,
  levels: readonly Level[],
  observe: Observer = () => {},
): Float64Array {
  const count = references.length;
  const own = (layer: string) =>
    [parameter(`${name}.${layer}.weight`), parameter(`${name}.${layer}.bias`)] as const;
  const project = (x: Float64Array, rows: number, outputs: number, layer: string) => {
    const [weight, bias] = own(layer);
    return linear(x, weight, rows, d, outputs, bias);
  };
  const samples = levels.length * points;
  const value = project(values, values.length / d, d, 'value_proj');
  const offsets = project(queries, count, heads * samples * 2, 'sampling_offsets');
  const scores = project(queries, count, heads * samples, 'attention_weights');
  observe('value', value);
  observe('offsets_raw', offsets);
  observe('weights_raw', scores);

  const share = d / heads;
  const sampled = new Float64Array(count * d);
  for (let query = 0; query < count; query++) {
    for (let head = 0; head < heads; head++) {
      const first = (query * heads + head) * samples;
      const weights = softmax(scores.subarray(first, first + samples));
      let start = 0;
      for (const [index, level] of levels.entries()) {
        for (let point = 0; point < points; point++) {
          const sample = index * points + point;
          // location = reference + offset / size, as a share; pixel = location · size - 0.5
          const x = references[query].x * level.width + offsets[2 * (first + sample)] - 0.5;
          const y = references[query].y * level.height + offsets[2 * (first + sample) + 1] - 0.5;
          for (const { cell, weight } of bilinearCorners(level, x, y)) {
            const from = (start + cell) * d + head * share;
            const scale = weights[sample] * weight;
            for (let i = 0; i < share; i++) sampled[query * d + head * share + i] += scale * value[from + i];
          }
        }
        start += level.height * level.width;
      }
    }
  }
  observe('sampled', sampled);
  return project(sampled, count, d, 'output_proj');
}

/** The cells around a point with their shares; what lies outside the map is zero and left out. */
function bilinearCorners(
  { height, width }: Level,
  x: number,
  y: number,
): readonly { readonly cell: number; readonly weight: number }[] {
  const corners = [];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  for (const row of [top, top + 1]) {
    if (row < 0 || row >= height) continue;
    for (const column of [left, left + 1]) {
      if (column < 0 || column >= width) continue;
      const weight = (1 - Math.abs(y - row)) * (1 - Math.abs(x - column));
      corners.push({ cell: row * width + column, weight });
    }
  }
  return corners;
}

/** Over all scores; the largest is subtracted first, so nothing overflows. */
export function softmax(scores: Float64Array): Float64Array {
  const largest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
