/**
 * PlainMamba's position embedding at the grid of the input. Where that is not the grid it was trained on, it is
 * resized as upstream does (torch.nn.functional.interpolate, bicubic, align_corners=False): cubic convolution with
 * a = -0.75, no antialiasing, edges repeated.
 */
import { type PlainMambaSpec, plainMambaGrid } from './spec.ts';

/**
 * @param embedding backbone.pos_embed [positionRows · positionColumns, d]
 * @returns [L0, d]
 */
export function plainMambaPositionEmbedding(
  spec: PlainMambaSpec,
  embedding: ArrayLike<number>,
): Float64Array {
  const { height, width } = plainMambaGrid(spec);
  if (height === spec.positionRows && width === spec.positionColumns) return Float64Array.from(embedding);
  const rowTaps = cubicTaps(spec.positionRows, height);
  const columnTaps = cubicTaps(spec.positionColumns, width);
  const resized = new Float64Array(height * width * spec.width);
  for (const [row, fromRows] of rowTaps.entries()) {
    for (const [column, fromColumns] of columnTaps.entries()) {
      const out = (row * width + column) * spec.width;
      for (const y of fromRows) {
        for (const x of fromColumns) {
          const from = (y.source * spec.positionColumns + x.source) * spec.width;
          const weight = y.weight * x.weight;
          for (let i = 0; i < spec.width; i++) resized[out + i] += weight * embedding[from + i];
        }
      }
    }
  }
  return resized;
}

interface Tap {
  readonly source: number;
  readonly weight: number;
}

/** The four source lines of each target line with their weights (Keys 1981, a = -0.75). */
function cubicTaps(from: number, to: number): readonly (readonly Tap[])[] {
  return Array.from({ length: to }, (_, target) => {
    const centre = ((target + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre);
    return [-1, 0, 1, 2].map((offset) => ({
      source: Math.min(Math.max(first + offset, 0), from - 1),
      weight: cubic(Math.abs(centre - first - offset)),
    }));
  });
}

function cubic(x: number): number {
  const a = -0.75;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
  return 0;
}
