/**
 * The selective scan with everything around it that touches the same numbers, of one direction:
 *
 *     Δ_t = softplus(delta_t + deltaBias)
 *     h_t = exp((Δ_t + gap_t · Δ∅) A) h_{t-1} + Δ_t B_t u_t        Δ∅ = softplus(deltaBias)
 *     y_t = C_t · h_t + D u_t
 *
 * The options, and the twin that computes them in float64. The kernel is scan.asm.ts.
 */
import type { Direction } from '@vssm/core';
import { silu, softplus } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';

export interface ScanOptions {
  readonly batch: number;
  /** Tokens L. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** State size N, a multiple of 4 up to 256. */
  readonly states: number;
  /** `backward` goes from the last row to the first; every row stays in its token's own place. */
  readonly direction: Direction;
  /** [B, L, E], before bias and softplus. */
  readonly delta: Rows;
  /** [E] */
  readonly deltaBias: number;
  /** [E, N], negative: -exp(A_log). */
  readonly a: number;
  /** [E] */
  readonly d: number;
  /** [B, L, N] each. */
  readonly b: Rows;
  readonly c: Rows;
  /** [B, L, E], after convolution and SiLU. */
  readonly u: Rows;
  /** [B, L] int32, strictly rising along a row: alignment `decay`. Absent: all gaps are 0. */
  readonly positions?: number;
  /** Output [B, L, E]. Must not overlap an input. */
  readonly y: Rows;
  /** Add to what y holds, the other direction's sum, instead of overwriting it. Default false. */
  readonly accumulate?: boolean;
  /** On the last direction: y becomes scale · SiLU(z) · sum. */
  readonly gate?: {
    /** [B, L, E] */
    readonly z: Rows;
    /** Default 1; Vim's is 1/2. */
    readonly scale?: number;
  };
  /** A second output, [B, L, E], for scoring: y_t of this direction alone, neither accumulated nor scaled. */
  readonly own?: Rows;
  /** Whether `own` is gated: y_t · SiLU(z). Default false; goes with `gate`. */
  readonly ownGated?: boolean;
}

export interface ScanResult {
  /** [B, L, E], adjacent. */
  readonly y: Float64Array;
  /** [B, L, E], adjacent, whether asked for or not. */
  readonly own: Float64Array;
}

/** The twin: reads what the options name out of `buffer`, writes nothing. */
export function scanReference(buffer: ArrayBufferLike, options: ScanOptions): ScanResult {
  const { batch, length, channels, states, direction, gate } = options;
  const floats = new Float32Array(buffer);
  const read = (rows: Rows, image: number, token: number, column: number) =>
    floats[rowAddress(rows, image, token, length) / 4 + column];
  const vector = (at: number, index: number) => floats[at / 4 + index];

  const y = new Float64Array(batch * length * channels);
  const alone = new Float64Array(y.length);
  const state = new Float64Array(states);
  for (let image = 0; image < batch; image++) {
    const gaps = gapsInScanOrder(buffer, options, image);
    for (let channel = 0; channel < channels; channel++) {
      const bias = vector(options.deltaBias, channel);
      const rest = softplus(bias);
      state.fill(0);
      for (let step = 0; step < length; step++) {
        const token = direction === 'forward' ? step : length - 1 - step;
        const delta = softplus(read(options.delta, image, token, channel) + bias);
        const u = read(options.u, image, token, channel);
        let own = vector(options.d, channel) * u;
        for (let n = 0; n < states; n++) {
          const decay = Math.exp((delta + gaps[step] * rest) * vector(options.a, channel * states + n));
          state[n] = decay * state[n] + delta * read(options.b, image, token, n) * u;
          own += read(options.c, image, token, n) * state[n];
        }
        const sum = own + (options.accumulate ? read(options.y, image, token, channel) : 0);
        const gateValue = gate === undefined ? 1 : silu(read(gate.z, image, token, channel));
        const out = gate === undefined ? sum : (gate.scale ?? 1) * gateValue * sum;
        const at = (image * length + token) * channels + channel;
        y[at] = out;
        alone[at] = options.ownGated ? own * gateValue : own;
      }
    }
  }
  return { y, own: alone };
}

/** gap_m = |p_m - p_{m-1}| - 1, 0 for the first. */
function gapsInScanOrder(buffer: ArrayBufferLike, options: ScanOptions, image: number): number[] {
  const { length, direction, positions } = options;
  if (positions === undefined) return new Array(length).fill(0);
  const inOrder = [...new Int32Array(buffer, positions + 4 * image * length, length)];
  if (direction === 'backward') inOrder.reverse();
  return inOrder.map((position, step) => (step === 0 ? 0 : Math.abs(position - inOrder[step - 1]) - 1));
}
