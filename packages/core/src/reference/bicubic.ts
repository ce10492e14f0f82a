/**
 * Resizing of a grid of rows, as torch.nn.functional.interpolate does it with mode bicubic and align_corners=False:
 * cubic convolution with a = -0.75, no antialiasing, edges repeated.
 */

interface Size {
  readonly height: number;
  readonly width: number;
}

/** rows [from.height · from.width, channels] → [to.height · to.width, channels] */
export function resizeRows(rows: ArrayLike<number>, channels: number, from: Size, to: Size): Float64Array {
  const rowTaps = cubicTaps(from.height, to.height);
  const columnTaps = cubicTaps(from.width, to.width);
  const resized = new Float64Array(to.height * to.width * channels);
  for (const [row, fromRows] of rowTaps.entries()) {
    for (const [column, fromColumns] of columnTaps.entries()) {
      const out = (row * to.width + column) * channels;
      for (const y of fromRows) {
        for (const x of fromColumns) {
          const source = (y.source * from.width + x.source) * channels;
          const weight = y.weight * x.weight;
          for (let i = 0; i < channels; i++) resized[out + i] += weight * rows[source + i];
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
