/**
 * PlainMamba's scan with everything around it that touches the same numbers: four snake orders over shared Δ, A, C.
 * Step m of direction k, whose order visits token o = orders[k][m]:
 *
 *     Δ_m = softplus(delta_m + deltaBias)
 *     h_m = exp((Δ_m + gaps[k][m] · Δ∅) A) h_{m-1} + Δ_m (B_m + directionB[moves[k][m]]) u_o     Δ∅ = softplus(deltaBias)
 *     y_o = Σ_k (C_m · h_m + D u_o)
 *
 * Δ, B and C go by step, in position order; only u and y go along the snake.
 *
 * The options, and the twin that computes them in float64. The kernel is snake-scan.asm.ts.
 */
import { scanDirections } from '@vssm/core';
import { silu, softplus } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';

export interface SnakeScanOptions {
  readonly batch: number;
  /** Tokens K. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** State size N, a multiple of 4 up to 256. */
  readonly states: number;
  /** [B, K, E], before bias and softplus. */
  readonly delta: Rows;
  /** [E]: PlainMamba's doubled bias, if it has not been added to `delta` yet. */
  readonly deltaBias: number;
  /** [E, N], negative: -exp(A_log). */
  readonly a: number;
  /** [E] */
  readonly d: number;
  /** [B, K, N] each, in position order. */
  readonly b: Rows;
  readonly c: Rows;
  /** [5, N]: what a step's move into its cell adds to B: start, right, left, up, down. */
  readonly directionB: number;
  /** [B, K, E] in position order, after convolution and SiLU. */
  readonly u: Rows;
  /** Output [B, K, E] in position order. Must not overlap an input. */
  readonly y: Rows;
  /** [B, 4, K] int32: the token visited at each step of each direction, every token once. */
  readonly orders: number;
  /** [B, 4, K] int32: the move into that token's cell, 0 to 4. */
  readonly moves: number;
  /** [B, 4, K] int32: pruned cells since the step before: alignment `decay`. Absent: all gaps are 0. */
  readonly gaps?: number;
  /** Integers from one image to the next in `orders`, `moves` and `gaps`. Default 4K; 0: all images share one set. */
  readonly ordersStride?: number;
  /** y becomes SiLU(z) · sum. */
  readonly gate?: {
    /** [B, K, E] in position order */
    readonly z: Rows;
  };
  /** A second output, [B, K, E]: the sum of the directions before the gate; a signal for scoring. */
  readonly sum?: Rows;
}

export interface SnakeScanResult {
  /** [B, K, E], adjacent. */
  readonly y: Float64Array;
  /** [B, K, E], adjacent, whether asked for or not. */
  readonly sum: Float64Array;
}

/** Where image `image` begins in the tables of orders, moves and gaps, in integers. */
export function ordersOffset(
  options: Pick<SnakeScanOptions, 'length' | 'ordersStride'>,
  image: number,
): number {
  return image * (options.ordersStride ?? scanDirections * options.length);
}

/** The twin: reads what the options name out of `buffer`, writes nothing. */
export function snakeScanReference(buffer: ArrayBufferLike, options: SnakeScanOptions): SnakeScanResult {
  const { batch, length, channels, states, gate } = options;
  const floats = new Float32Array(buffer);
  const integers = new Int32Array(buffer);
  const read = (rows: Rows, image: number, token: number, column: number) =>
    floats[rowAddress(rows, image, token, length) / 4 + column];
  const vector = (at: number, index: number) => floats[at / 4 + index];

  const y = new Float64Array(batch * length * channels);
  const sums = new Float64Array(y.length);
  const state = new Float64Array(states);
  for (let image = 0; image < batch; image++) {
    const table = ordersOffset(options, image);
    for (let channel = 0; channel < channels; channel++) {
      const bias = vector(options.deltaBias, channel);
      const rest = softplus(bias);
      for (let direction = 0; direction < scanDirections; direction++) {
        state.fill(0);
        for (let step = 0; step < length; step++) {
          const at = table + direction * length + step;
          const token = integers[options.orders / 4 + at];
          const move = integers[options.moves / 4 + at];
          const gap = options.gaps === undefined ? 0 : integers[options.gaps / 4 + at];
          const delta = softplus(read(options.delta, image, step, channel) + bias);
          const u = read(options.u, image, token, channel);
          let own = vector(options.d, channel) * u;
          for (let n = 0; n < states; n++) {
            const b = read(options.b, image, step, n) + vector(options.directionB, move * states + n);
            const decay = Math.exp((delta + gap * rest) * vector(options.a, channel * states + n));
            state[n] = decay * state[n] + delta * b * u;
            own += read(options.c, image, step, n) * state[n];
          }
          y[(image * length + token) * channels + channel] += own;
        }
      }
      for (let token = 0; token < length; token++) {
        const at = (image * length + token) * channels + channel;
        sums[at] = y[at];
        if (gate !== undefined) y[at] *= silu(read(gate.z, image, token, channel));
      }
    }
  }
  return { y, sum: sums };
}
