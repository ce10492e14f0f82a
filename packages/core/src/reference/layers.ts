/**
 * The layers of a Mamba block in float64, one image at a time, as plain loops over row-major arrays. Nothing
 * here is fast; everything here is meant to be checked against the equations by eye.
 */

type Vector = ArrayLike<number>;

/** y = x Wᵀ (+ bias). x [rows, inputs], weight [outputs, inputs] → [rows, outputs] */
export function linear(
  x: Vector,
  weight: Vector,
  rows: number,
  inputs: number,
  outputs: number,
  bias?: Vector,
): Float64Array {
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let out = 0; out < outputs; out++) {
      let sum = bias === undefined ? 0 : bias[out];
      for (let i = 0; i < inputs; i++) sum += x[row * inputs + i] * weight[out * inputs + i];
      y[row * outputs + out] = sum;
    }
  }
  return y;
}

/** x / sqrt(mean(x²) + ε) · weight over each row; no mean subtraction, no bias. x [rows, width] */
export function rmsNorm(x: Vector, weight: Vector, rows: number, width: number): Float64Array {
  const epsilon = 1e-5;
  const y = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += x[row * width + i] ** 2;
    const scale = 1 / Math.sqrt(squares / width + epsilon);
    for (let i = 0; i < width; i++) y[row * width + i] = x[row * width + i] * scale * weight[i];
  }
  return y;
}

/** Subtracts the mean, divides by sqrt(variance + ε), then weight and bias, over each row. x [rows, width] */
export function layerNorm(
  x: Vector,
  weight: Vector,
  bias: Vector,
  rows: number,
  width: number,
  epsilon: number,
): Float64Array {
  const y = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let mean = 0;
    for (let i = 0; i < width; i++) mean += x[row * width + i] / width;
    let variance = 0;
    for (let i = 0; i < width; i++) variance += (x[row * width + i] - mean) ** 2 / width;
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < width; i++) {
      y[row * width + i] = (x[row * width + i] - mean) * scale * weight[i] + bias[i];
    }
  }
  return y;
}

/** Element by element. */
export function add(a: Vector, b: Vector): Float64Array {
  const sum = new Float64Array(a.length);
  for (let i = 0; i < sum.length; i++) sum[i] = a[i] + b[i];
  return sum;
}

/** x · sigmoid(x) */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** log(1 + eˣ), linear above 20 as in PyTorch. */
export function softplus(x: number): number {
  return x > 20 ? x : Math.log1p(Math.exp(x));
}

/**
 * Patch projection: a convolution whose kernel is one patch. image [C, H, W], weight [d, C, P, P], bias [d]
 * → tokens [rows · columns, d] in row-major grid order.
 */
export function patchEmbed(
  image: Vector,
  weight: Vector,
  bias: Vector,
  shape: {
    readonly channels: number;
    readonly imageHeight: number;
    readonly imageWidth: number;
    readonly patch: number;
    readonly stride: number;
    readonly rows: number;
    readonly columns: number;
    readonly width: number;
  },
): Float64Array {
  const { channels, imageHeight, imageWidth, patch, stride, rows, columns, width } = shape;
  const tokens = new Float64Array(rows * columns * width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let out = 0; out < width; out++) {
        let sum = bias[out];
        for (let c = 0; c < channels; c++) {
          for (let y = 0; y < patch; y++) {
            for (let x = 0; x < patch; x++) {
              const pixel = (c * imageHeight + row * stride + y) * imageWidth + column * stride + x;
              sum += image[pixel] * weight[((out * channels + c) * patch + y) * patch + x];
            }
          }
        }
        tokens[(row * columns + column) * width + out] = sum;
      }
    }
  }
  return tokens;
}

/**
 * Depthwise causal convolution, then SiLU. The last tap weighs the token itself, the one before it its
 * predecessor in scan order, and so on; what lies before the sequence is zero.
 *
 * With `positions` the taps are positional: a tap at distance j reads the kept token that stands j places
 * before this one in the unpruned sequence, and zero if that token is gone. Without, taps read the kept
 * neighbours.
 *
 * @param x [L, E] in scan order
 * @param weight [E, 1, taps]
 * @param positions [L] in scan order, monotone
 */
export function causalConvSilu(
  x: Vector,
  weight: Vector,
  bias: Vector,
  length: number,
  channels: number,
  taps: number,
  positions?: Vector,
): Float64Array {
  const u = new Float64Array(length * channels);
  for (let token = 0; token < length; token++) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = bias[channel];
      for (let back = 0; back < taps && back <= token; back++) {
        const source = token - back;
        const distance =
          positions === undefined ? back : Math.abs(Number(positions[token]) - Number(positions[source]));
        if (distance >= taps) break;
        sum += weight[channel * taps + (taps - 1 - distance)] * x[source * channels + channel];
      }
      u[token * channels + channel] = silu(sum);
    }
  }
  return u;
}

/**
 * The selective scan of one direction, with the state's transition over pruned tokens folded in:
 *
 *     h_t = exp((Δ_t + gap_t · Δ∅) A) h_{t-1} + Δ_t B_t u_t        y_t = C_t · h_t + D u_t
 *
 * Δ is after softplus; Δ∅ = softplus(b_Δ) is that of a token without input. gap_t = 0 everywhere gives the
 * ordinary scan (alignment `none`).
 *
 * @param u, delta [L, E] in scan order
 * @param b, c rows of N in scan order, [L, N]
 * @param a [E, N], negative; d [E]; deltaOfNothing [E]; gap [L]
 * @returns y [L, E]
 */
export function selectiveScan(
  u: Vector,
  delta: Vector,
  b: Vector,
  c: Vector,
  a: Vector,
  d: Vector,
  deltaOfNothing: Vector,
  gap: Vector,
  length: number,
  channels: number,
  stateSize: number,
): Float64Array {
  const y = new Float64Array(length * channels);
  const hiddenState = new Float64Array(stateSize);
  for (let channel = 0; channel < channels; channel++) {
    hiddenState.fill(0);
    for (let token = 0; token < length; token++) {
      const at = token * channels + channel;
      const input = delta[at] * u[at];
      const time = delta[at] + gap[token] * deltaOfNothing[channel];
      let sum = d[channel] * u[at];
      for (let n = 0; n < stateSize; n++) {
        hiddenState[n] =
          Math.exp(time * a[channel * stateSize + n]) * hiddenState[n] + input * b[token * stateSize + n];
        sum += c[token * stateSize + n] * hiddenState[n];
      }
      y[at] = sum;
    }
  }
  return y;
}

/** Rows of `x` [rows, width] picked by `indices` → [indices.length, width] */
export function gatherRows<Floats extends Float64Array | Float32Array>(
  x: Floats,
  indices: ArrayLike<number>,
  width: number,
): Floats {
  const kind = x.constructor as new (length: number) => Floats;
  const y = new kind(indices.length * width);
  for (let row = 0; row < indices.length; row++) {
    y.set(x.subarray(indices[row] * width, (indices[row] + 1) * width), row * width);
  }
  return y;
}

/** The rows in reverse order: what the backward direction scans. */
export function reverseRows(x: Float64Array, rows: number, width: number): Float64Array {
  return gatherRows(
    x,
    Array.from({ length: rows }, (_, row) => rows - 1 - row),
    width,
  );
}

/** Columns first … first + count - 1 of `x` [rows, width] → [rows, count] */
export function columns(
  x: Float64Array,
  rows: number,
  width: number,
  first: number,
  count: number,
): Float64Array {
  const y = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    y.set(x.subarray(row * width + first, row * width + first + count), row * count);
  }
  return y;
}
