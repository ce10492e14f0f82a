/**
 * Δ = softplus(delta + bias), which the scan makes for itself and keeps to itself, as a signal for scoring. The options,
 * and the twin that computes it in float64. The kernel is delta.asm.ts.
 */
import { softplus } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';

export interface DeltaOptions {
  readonly batch: number;
  /** Tokens L. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** [B, L, E], before bias and softplus. */
  readonly delta: Rows;
  /** [E] */
  readonly bias: number;
  /** Output [B, L, E]. Must not overlap an input. */
  readonly to: Rows;
}

/** The twin: [B, L, E], adjacent. */
export function deltaReference(buffer: ArrayBufferLike, options: DeltaOptions): Float64Array {
  const { batch, length, channels, delta, bias } = options;
  const floats = new Float32Array(buffer);
  return Float64Array.from({ length: batch * length * channels }, (_, at) => {
    const channel = at % channels;
    const row = Math.floor(at / channels);
    const from = rowAddress(delta, Math.floor(row / length), row % length, length) / 4;
    return softplus(floats[from + channel] + floats[bias / 4 + channel]);
  });
}
