/**
 * The layers of PlainMamba that see the grid, in float64, one image at a time. Planes are [C, H, W]; tokens are
 * rows [K, C] with the raster index of each one's cell.
 */

type Vector = ArrayLike<number>;

interface Plane {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [C, H, W] */
  readonly values: Float64Array;
}

export interface ConvShape {
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  /** Zeros at the top and the left; beyond the bottom and the right everything is zero. */
  readonly padding: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
}

/**
 * Dense convolution. weight [outputs, C, k, k]. One tap after the other is added to all outputs that it reaches, which
 * sums in the order of the equation and asks about the borders once a tap.
 */
export function convolve(x: Plane, weight: Vector, shape: ConvShape, bias?: Vector): Plane {
  const { outputs, kernel, stride, padding, outputHeight, outputWidth } = shape;
  const area = outputHeight * outputWidth;
  const values = new Float64Array(outputs * area);
  for (let out = 0; out < outputs; out++) {
    if (bias !== undefined) values.fill(bias[out], out * area, (out + 1) * area);
    for (let c = 0; c < x.channels; c++) {
      for (let ky = 0; ky < kernel; ky++) {
        const rows = inside(ky - padding, stride, x.height, outputHeight);
        for (let kx = 0; kx < kernel; kx++) {
          const columns = inside(kx - padding, stride, x.width, outputWidth);
          const tap = weight[((out * x.channels + c) * kernel + ky) * kernel + kx];
          for (let row = rows.first; row < rows.end; row++) {
            const from = (c * x.height + row * stride + ky - padding) * x.width + kx - padding;
            const to = out * area + row * outputWidth;
            for (let column = columns.first; column < columns.end; column++) {
              values[to + column] += x.values[from + column * stride] * tap;
            }
          }
        }
      }
    }
  }
  return { channels: outputs, height: outputHeight, width: outputWidth, values };
}

/** The outputs `first` … `end` - 1 for which `output * stride + offset` lies in 0 … `size` - 1. */
function inside(
  offset: number,
  stride: number,
  size: number,
  outputs: number,
): { readonly first: number; readonly end: number } {
  return {
    first: Math.max(0, Math.ceil(-offset / stride)),
    end: Math.min(outputs, Math.ceil((size - offset) / stride)),
  };
}

/** BatchNorm at inference: (x - mean) / sqrt(variance + 1e-5) · weight + bias, as one factor and offset per channel. */
export function batchNormAffine(
  weight: Vector,
  bias: Vector,
  mean: Vector,
  variance: Vector,
): { readonly scale: Float64Array; readonly offset: Float64Array } {
  const scale = Float64Array.from(weight, (value, c) => value / Math.sqrt(variance[c] + 1e-5));
  return { scale, offset: Float64Array.from(bias, (value, c) => value - mean[c] * scale[c]) };
}

/**
 * Depthwise k x k convolution, centred and zero padded, on a grid where only some cells hold a token: the others
 * are zero, and only the held cells get an output.
 *
 * @param x [K, C]
 * @param cells [K]: raster index of each token's cell
 * @param weight [C, 1, k, k]
 * @returns [K, C]
 */
export function depthwiseOnGrid(
  x: Vector,
  cells: ArrayLike<number>,
  grid: { readonly height: number; readonly width: number },
  weight: Vector,
  channels: number,
  kernel: number,
  bias?: Vector,
): Float64Array {
  const tokenAt = new Int32Array(grid.height * grid.width).fill(-1);
  for (let token = 0; token < cells.length; token++) tokenAt[cells[token]] = token;
  const reach = (kernel - 1) / 2;
  const y = new Float64Array(cells.length * channels);
  for (let token = 0; token < cells.length; token++) {
    const row = Math.floor(cells[token] / grid.width);
    const column = cells[token] % grid.width;
    for (let c = 0; c < channels; c++) y[token * channels + c] = bias === undefined ? 0 : bias[c];
    for (let dy = -reach; dy <= reach; dy++) {
      if (row + dy < 0 || row + dy >= grid.height) continue;
      for (let dx = -reach; dx <= reach; dx++) {
        if (column + dx < 0 || column + dx >= grid.width) continue;
        const source = tokenAt[(row + dy) * grid.width + column + dx];
        if (source < 0) continue;
        const tap = (dy + reach) * kernel + dx + reach;
        for (let c = 0; c < channels; c++) {
          y[token * channels + c] += weight[c * kernel * kernel + tap] * x[source * channels + c];
        }
      }
    }
  }
  return y;
}

/** x/2 · (1 + erf(x/√2)) */
export function gelu(x: number): number {
  return (x / 2) * (1 + erf(x / Math.SQRT2));
}

/**
 * The error function to double precision: its Maclaurin series in the form without alternating signs up to 3, the
 * continued fraction of erfc beyond (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z > 3) {
    let fraction = 0;
    for (let k = 80; k > 0; k--) fraction = k / 2 / (z + fraction);
    return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)));
  }
  let term = z;
  let sum = z;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * ((2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum);
}
