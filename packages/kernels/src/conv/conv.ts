/**
 * Depthwise causal convolution with bias and SiLU, of one direction. The last tap weighs the token itself, the
 * one before it the token one place earlier in scan order; what does not exist is zero.
 *
 * The options, and the twin that computes them in float64. The kernel is conv.asm.ts.
 */
import type { Direction } from '@vssm/core';
import { silu } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';

export interface ConvOptions {
  readonly batch: number;
  /** Tokens L. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** 1 to 8; Vim has 4. */
  readonly taps: number;
  /** `backward`: earlier in scan order is later in memory. Every row stays in its token's own place. */
  readonly direction: Direction;
  /** [B, L, E] */
  readonly x: Rows;
  /** [E, taps] */
  readonly weight: number;
  /** [E] */
  readonly bias: number;
  /**
   * [B, L] int32, strictly rising along a row: positional taps, which read the token whose position is exactly
   * their distance away, if it is kept. Absent: compact taps, which read the neighbouring rows.
   */
  readonly positions?: number;
  /** Output [B, L, E]. Must not overlap an input. */
  readonly u: Rows;
}

/** The twin: reads what the options name out of `buffer`, writes nothing; u [B, L, E], adjacent. */
export function convReference(buffer: ArrayBufferLike, options: ConvOptions): Float64Array {
  const { batch, length, channels, taps, direction } = options;
  const floats = new Float32Array(buffer);
  const backInTime = direction === 'forward' ? -1 : 1;
  const u = new Float64Array(batch * length * channels);
  for (let image = 0; image < batch; image++) {
    const positions =
      options.positions === undefined
        ? Int32Array.from({ length }, (_, token) => token)
        : new Int32Array(buffer, options.positions + 4 * image * length, length);
    for (let token = 0; token < length; token++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = floats[options.bias / 4 + channel];
        for (let distance = 0; distance < taps; distance++) {
          const source = positions.indexOf(positions[token] + backInTime * distance);
          if (source < 0) continue;
          const x = floats[rowAddress(options.x, image, source, length) / 4 + channel];
          sum += floats[options.weight / 4 + channel * taps + (taps - 1 - distance)] * x;
        }
        u[(image * length + token) * channels + channel] = silu(sum);
      }
    }
  }
  return u;
}
