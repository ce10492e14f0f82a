/**
 * The gradient of the selective scan of one direction, without the gate: from dL/dy to dL/d of everything that
 * entered (see scan.ts). With λ_t = dL/dh_t and a_t = exp((Δ_t + gap_t Δ∅) A):
 *
 *     λ_t = dy_t C_t + a_{t+1} λ_{t+1}              dC_t = Σ_e dy_t h_t        dB_t = Σ_e λ_t Δ_t u_t
 *     dτ_t = Σ_n λ_t a_t A h_{t-1}                  du_t = Δ_t Σ_n λ_t B_t + D dy_t
 *     dΔ_t = u_t Σ_n λ_t B_t + dτ_t                 dΔ∅ = Σ_t gap_t dτ_t       dA = Σ_t λ_t a_t (Δ_t + gap_t Δ∅) h_{t-1}
 *
 * The options, and the twin that computes them in float64. The kernel is backward-scan.asm.ts, and
 * backward-scan.c where there is a compiler.
 */
import { gaps as gapsOf } from '@vssm/core';
import { silu, softplus } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';
import type { ScanOptions } from '../scan/scan.ts';

export interface ScanBackwardOptions
  extends Pick<
    ScanOptions,
    | 'batch'
    | 'length'
    | 'states'
    | 'direction'
    | 'delta'
    | 'deltaBias'
    | 'a'
    | 'd'
    | 'b'
    | 'c'
    | 'u'
    | 'positions'
  > {
  /** Channels E, a multiple of 8. */
  readonly channels: number;
  /** [B, L, E], dL/dy of this direction. */
  readonly dy: Rows;
  /** Outputs, overwritten: [B, L, E] before bias and softplus, and [B, L, E]. */
  readonly dDelta: Rows;
  readonly dU: Rows;
  /** Outputs, overwritten: [B, L, N] each. */
  readonly dB: Rows;
  readonly dC: Rows;
  /** Sums over the batch, added to what is there: [E], [E, N] and [E]. */
  readonly dDeltaBias: number;
  readonly dA: number;
  readonly dD: number;
  /** `scanBackwardScratch` floats of working memory. */
  readonly scratch: number;
}

/**
 * Floats that one call needs beside its arguments: the states of a few channels at a time, never all of them. Enough
 * for the WebAssembly kernel and for the native one with the widest vectors.
 */
export function scanBackwardScratch(length: number, states: number): number {
  const webAssembly = (length + 1) * states * (2 * 8 + 2 * 4) + 8 * 8 * length + 3 * 8 * states;
  const native = 16 * (8 * length + 2 * 4 * (length + 1) + 2 * length * states) + length;
  return Math.max(webAssembly, native);
}

/** One image in one direction, everything in scan order, float64. */
export interface ScanArrays {
  readonly length: number;
  readonly channels: number;
  readonly states: number;
  /** [L, E], before bias and softplus */
  readonly delta: Float64Array;
  /** [E] */
  readonly deltaBias: Float64Array;
  /** [E, N] */
  readonly a: Float64Array;
  /** [E] */
  readonly d: Float64Array;
  /** [L, N] each */
  readonly b: Float64Array;
  readonly c: Float64Array;
  /** [L, E] */
  readonly u: Float64Array;
  /** [L]: pruned tokens that each step comes over */
  readonly gaps: ArrayLike<number>;
}

export type ScanGradients = Readonly<
  Record<'delta' | 'deltaBias' | 'a' | 'd' | 'b' | 'c' | 'u', Float64Array>
>;

/** y [L, E] */
export function scanForward(arrays: ScanArrays): Float64Array {
  const { length, channels, states, delta, deltaBias, a, d, b, c, u, gaps } = arrays;
  const y = new Float64Array(length * channels);
  const state = new Float64Array(states);
  for (let channel = 0; channel < channels; channel++) {
    const rest = softplus(deltaBias[channel]);
    state.fill(0);
    for (let step = 0; step < length; step++) {
      const at = step * channels + channel;
      const own = softplus(delta[at] + deltaBias[channel]);
      let sum = d[channel] * u[at];
      for (let n = 0; n < states; n++) {
        const decay = Math.exp((own + gaps[step] * rest) * a[channel * states + n]);
        state[n] = decay * state[n] + own * u[at] * b[step * states + n];
        sum += c[step * states + n] * state[n];
      }
      y[at] = sum;
    }
  }
  return y;
}

/** @param dy [L, E] */
export function scanPullback(arrays: ScanArrays, dy: Float64Array): ScanGradients {
  const { length, channels, states, delta, deltaBias, a, d, b, c, u, gaps } = arrays;
  const like = (array: Float64Array) => new Float64Array(array.length);
  const gradients = {
    delta: like(delta),
    deltaBias: like(deltaBias),
    a: like(a),
    d: like(d),
    b: like(b),
    c: like(c),
    u: like(u),
  };
  // h of one channel before each step, and after the last: [L + 1, N].
  const h = new Float64Array((length + 1) * states);
  const carried = new Float64Array(states);
  for (let channel = 0; channel < channels; channel++) {
    const bias = deltaBias[channel];
    const rest = softplus(bias);
    const decayAt = (step: number, n: number) =>
      Math.exp(
        (softplus(delta[step * channels + channel] + bias) + gaps[step] * rest) * a[channel * states + n],
      );
    for (let step = 0; step < length; step++) {
      const at = step * channels + channel;
      const input = softplus(delta[at] + bias) * u[at];
      for (let n = 0; n < states; n++) {
        h[(step + 1) * states + n] = decayAt(step, n) * h[step * states + n] + input * b[step * states + n];
      }
    }
    carried.fill(0);
    let dRest = 0;
    for (let step = length - 1; step >= 0; step--) {
      const at = step * channels + channel;
      const own = softplus(delta[at] + bias);
      let dInput = 0;
      let dTime = 0;
      for (let n = 0; n < states; n++) {
        const lambda = dy[at] * c[step * states + n] + carried[n];
        gradients.c[step * states + n] += dy[at] * h[(step + 1) * states + n];
        gradients.b[step * states + n] += lambda * own * u[at];
        dInput += lambda * b[step * states + n];
        carried[n] = lambda * decayAt(step, n);
        const through = carried[n] * h[step * states + n];
        dTime += through * a[channel * states + n];
        gradients.a[channel * states + n] += through * (own + gaps[step] * rest);
      }
      dRest += gaps[step] * dTime;
      gradients.u[at] = own * dInput + d[channel] * dy[at];
      gradients.d[channel] += u[at] * dy[at];
      gradients.delta[at] = (u[at] * dInput + dTime) * sigmoid(delta[at] + bias);
      gradients.deltaBias[channel] += gradients.delta[at];
    }
    gradients.deltaBias[channel] += dRest * sigmoid(bias);
  }
  return gradients;
}

/** What the kernel writes, each [B, …], rows in their tokens' own places, parameters summed over the batch. */
export function scanBackwardReference(buffer: ArrayBufferLike, options: ScanBackwardOptions): ScanGradients {
  const { batch, length, channels, states, direction, positions } = options;
  const order = scanOrder(length, direction);
  const vector = (at: number, count: number) => Float64Array.from(new Float32Array(buffer, at, count));
  const parameters = {
    deltaBias: vector(options.deltaBias, channels),
    a: vector(options.a, channels * states),
    d: vector(options.d, channels),
  };
  const sums = {
    deltaBias: vector(options.dDeltaBias, channels),
    a: vector(options.dA, channels * states),
    d: vector(options.dD, channels),
  };
  const perToken = (width: number) => new Float64Array(batch * length * width);
  const rows = { delta: perToken(channels), u: perToken(channels), b: perToken(states), c: perToken(states) };
  for (let image = 0; image < batch; image++) {
    const read = (of: Rows, width: number) => rowsInOrder(buffer, of, image, order, width);
    const own =
      positions === undefined
        ? order
        : order.map((token) => new Int32Array(buffer, positions + 4 * image * length, length)[token]);
    const gradients = scanPullback(
      {
        length,
        channels,
        states,
        ...parameters,
        delta: read(options.delta, channels),
        b: read(options.b, states),
        c: read(options.c, states),
        u: read(options.u, channels),
        gaps: gapsOf(own),
      },
      read(options.dy, channels),
    );
    for (const name of ['deltaBias', 'a', 'd'] as const) {
      for (const [i, value] of gradients[name].entries()) sums[name][i] += value;
    }
    for (const name of ['delta', 'u', 'b', 'c'] as const) {
      const width = gradients[name].length / length;
      for (const [step, token] of order.entries()) {
        const row = gradients[name].subarray(step * width, (step + 1) * width);
        rows[name].set(row, (image * length + token) * width);
      }
    }
  }
  return { ...rows, ...sums };
}

/** Tokens in the order in which a direction visits them. */
export function scanOrder(length: number, direction: ScanOptions['direction']): number[] {
  return Array.from({ length }, (_, step) => (direction === 'forward' ? step : length - 1 - step));
}

/** One image's rows, [L, width], in the order given. */
export function rowsInOrder(
  buffer: ArrayBufferLike,
  rows: Rows,
  image: number,
  order: readonly number[],
  width: number,
): Float64Array {
  const all = new Float64Array(order.length * width);
  for (const [step, token] of order.entries()) {
    const at = rowAddress(rows, image, token, order.length);
    all.set(new Float32Array(buffer, at, width), step * width);
  }
  return all;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** d SiLU(x) / dx */
export function siluSlope(x: number): number {
  return sigmoid(x) * (1 + x - silu(x));
}
