/**
 * Depthwise k x k convolution with bias, centred and zero padded, on a grid of cells where only some hold a token:
 * the others count as zero, and only the held ones get an output. With or without SiLU.
 *
 * The options, and the twin that computes them in float64. The kernel is grid-conv.asm.ts.
 */
import { silu } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';

export interface GridConvOptions {
  readonly batch: number;
  /** Tokens K: the cells that hold one. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** Side k of the kernel, odd, up to 11. */
  readonly kernel: number;
  /** The whole grid, in cells: min(rows, k) · (columns + k - 1) at most 3600, up to 508 columns for k = 7. */
  readonly rows: number;
  readonly columns: number;
  /** [B, K, E], tokens in raster order of their cells. */
  readonly x: Rows;
  /** [k · k, E], taps in raster order, as `tapsFirst` makes it of upstream's [E, 1, k, k]. */
  readonly weight: number;
  /** [E] */
  readonly bias: number;
  /** [B, K] int32: raster index of each token's cell, strictly rising. Absent: every cell holds one, K = rows · columns. */
  readonly cells?: number;
  readonly activation: 'silu' | 'none';
  /** Output [B, K, E]. Must not overlap an input. */
  readonly u: Rows;
}

/** weight [E, 1, k, k] → [k · k, E]: the channels that a vector holds lie side by side. */
export function tapsFirst(weight: Float32Array, channels: number): Float32Array {
  const taps = weight.length / channels;
  return Float32Array.from(weight, (_, at) => weight[(at % channels) * taps + Math.floor(at / channels)]);
}

/** The twin: reads what the options name out of `buffer`, writes nothing; u [B, K, E], adjacent. */
export function gridConvReference(buffer: ArrayBufferLike, options: GridConvOptions): Float64Array {
  const { batch, length, channels, kernel, rows, columns } = options;
  const floats = new Float32Array(buffer);
  const reach = (kernel - 1) / 2;
  const u = new Float64Array(batch * length * channels);
  for (let image = 0; image < batch; image++) {
    const cells =
      options.cells === undefined
        ? Int32Array.from({ length }, (_, token) => token)
        : new Int32Array(buffer, options.cells + 4 * image * length, length);
    const tokenAt = new Map(Array.from(cells, (cell, token) => [cell, token]));
    for (let token = 0; token < length; token++) {
      const row = Math.floor(cells[token] / columns);
      const column = cells[token] % columns;
      const sums = Float64Array.from(
        { length: channels },
        (_, channel) => floats[options.bias / 4 + channel],
      );
      for (let tap = 0; tap < kernel * kernel; tap++) {
        const y = row + Math.floor(tap / kernel) - reach;
        const x = column + (tap % kernel) - reach;
        const source = tokenAt.get(y * columns + x);
        if (y < 0 || y >= rows || x < 0 || x >= columns || source === undefined) continue;
        const from = rowAddress(options.x, image, source, length) / 4;
        for (let channel = 0; channel < channels; channel++) {
          sums[channel] += floats[options.weight / 4 + tap * channels + channel] * floats[from + channel];
        }
      }
      u.set(options.activation === 'silu' ? sums.map(silu) : sums, (image * length + token) * channels);
    }
  }
  return u;
}
