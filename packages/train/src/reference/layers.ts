/**
 * The layers of all families in float64 as plain loops, each with its pullback: from the gradient of its output to the
 * gradients of its inputs. Forwards repeat packages/core's reference, whose weights are float32; finite differences
 * need them in float64. Rows are tokens, [rows, width].
 */

/** A layer's output, and the function that pulls a gradient of it back to the layer's inputs. */
export interface Pulled<Gradients> {
  readonly y: Float64Array;
  pullback(dy: Float64Array): Gradients;
}

/** y = scale · x Wᵀ (+ bias). weight [outputs, inputs] */
export function linear(
  x: Float64Array,
  weight: Float64Array,
  inputs: number,
  outputs: number,
  options: { readonly bias?: Float64Array; readonly scale?: number } = {},
): Pulled<{ x: Float64Array; weight: Float64Array; bias: Float64Array }> {
  const rows = x.length / inputs;
  const { bias, scale = 1 } = options;
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let out = 0; out < outputs; out++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += x[row * inputs + i] * weight[out * inputs + i];
      y[row * outputs + out] = scale * sum + (bias?.[out] ?? 0);
    }
  }
  return {
    y,
    pullback(dy) {
      const d = { x: zeros(x), weight: zeros(weight), bias: new Float64Array(outputs) };
      for (let row = 0; row < rows; row++) {
        for (let out = 0; out < outputs; out++) {
          const slope = dy[row * outputs + out];
          d.bias[out] += slope;
          for (let i = 0; i < inputs; i++) {
            d.x[row * inputs + i] += scale * slope * weight[out * inputs + i];
            d.weight[out * inputs + i] += scale * slope * x[row * inputs + i];
          }
        }
      }
      return d;
    },
  };
}

/** x / sqrt(mean(x²) + 1e-5) · weight over each row */
export function rmsNorm(
  x: Float64Array,
  weight: Float64Array,
): Pulled<{ x: Float64Array; weight: Float64Array }> {
  const width = weight.length;
  const rows = x.length / width;
  const scales = Float64Array.from({ length: rows }, (_, row) => {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += x[row * width + i] ** 2;
    return 1 / Math.sqrt(squares / width + 1e-5);
  });
  return {
    y: x.map((value, at) => value * scales[Math.floor(at / width)] * weight[at % width]),
    pullback(dy) {
      const d = { x: zeros(x), weight: zeros(weight) };
      for (let row = 0; row < rows; row++) {
        const scale = scales[row];
        let along = 0;
        for (let i = 0; i < width; i++) along += dy[row * width + i] * weight[i] * x[row * width + i];
        for (let i = 0; i < width; i++) {
          const at = row * width + i;
          d.weight[i] += dy[at] * x[at] * scale;
          d.x[at] = scale * dy[at] * weight[i] - (scale ** 3 * along * x[at]) / width;
        }
      }
      return d;
    },
  };
}

/** (x - mean) / sqrt(variance + ε) · weight + bias over each row */
export function layerNorm(
  x: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  epsilon: number,
): Pulled<{ x: Float64Array; weight: Float64Array; bias: Float64Array }> {
  const width = weight.length;
  const { normed, scales } = standardised(
    x,
    x.length / width,
    width,
    epsilon,
    (group, i) => group * width + i,
  );
  return {
    y: normed.map((value, at) => value * weight[at % width] + bias[at % width]),
    pullback(dy) {
      const dNormed = dy.map((slope, at) => slope * weight[at % width]);
      const d = { x: zeros(x), weight: zeros(weight), bias: zeros(bias) };
      for (const [at, slope] of dy.entries()) {
        d.bias[at % width] += slope;
        d.weight[at % width] += slope * normed[at];
      }
      pullStandardised(d.x, dNormed, normed, scales, width, (group, i) => group * width + i);
      return d;
    },
  };
}

/** The same over each column, by the rows at hand: BatchNorm in training. */
export function batchNorm(
  x: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  epsilon: number,
): Pulled<{ x: Float64Array; weight: Float64Array; bias: Float64Array }> & {
  readonly mean: Float64Array;
  readonly unbiasedVariance: Float64Array;
} {
  const width = weight.length;
  const rows = x.length / width;
  const at = (group: number, i: number) => i * width + group;
  const { normed, scales, means } = standardised(x, width, rows, epsilon, at);
  return {
    y: normed.map((value, i) => value * weight[i % width] + bias[i % width]),
    mean: means,
    unbiasedVariance: scales.map((scale) => ((1 / scale ** 2 - epsilon) * rows) / Math.max(1, rows - 1)),
    pullback(dy) {
      const d = { x: zeros(x), weight: zeros(weight), bias: zeros(bias) };
      for (const [i, slope] of dy.entries()) {
        d.bias[i % width] += slope;
        d.weight[i % width] += slope * normed[i];
      }
      const dNormed = dy.map((slope, i) => slope * weight[i % width]);
      pullStandardised(d.x, dNormed, normed, scales, rows, at);
      return d;
    },
  };
}

/** Groups of `count` numbers, each with mean 0 and variance 1; `at` says where number i of a group lies. */
function standardised(
  x: Float64Array,
  groups: number,
  count: number,
  epsilon: number,
  at: (group: number, i: number) => number,
): { readonly normed: Float64Array; readonly scales: Float64Array; readonly means: Float64Array } {
  const normed = zeros(x);
  const scales = new Float64Array(groups);
  const means = new Float64Array(groups);
  for (let group = 0; group < groups; group++) {
    for (let i = 0; i < count; i++) means[group] += x[at(group, i)] / count;
    let variance = 0;
    for (let i = 0; i < count; i++) variance += (x[at(group, i)] - means[group]) ** 2 / count;
    scales[group] = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < count; i++) normed[at(group, i)] = (x[at(group, i)] - means[group]) * scales[group];
  }
  return { normed, scales, means };
}

/** With n the standardised numbers of scale s: dx = s (dn - mean(dn) - n mean(dn n)), into `dx`. */
function pullStandardised(
  dx: Float64Array,
  dNormed: Float64Array,
  normed: Float64Array,
  scales: Float64Array,
  count: number,
  at: (group: number, i: number) => number,
): void {
  for (const [group, scale] of scales.entries()) {
    let mean = 0;
    let along = 0;
    for (let i = 0; i < count; i++) {
      mean += dNormed[at(group, i)] / count;
      along += (dNormed[at(group, i)] * normed[at(group, i)]) / count;
    }
    for (let i = 0; i < count; i++) {
      dx[at(group, i)] = scale * (dNormed[at(group, i)] - mean - normed[at(group, i)] * along);
    }
  }
}

export interface WindowShape {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  /** Zeros above and to the left; below and to the right there are as many as windows need. */
  readonly padding: number;
  readonly rows: number;
  readonly columns: number;
}

/** x [images · height · width, C] → what a convolution sees at each place, [images · rows · columns, C · k · k] */
export function windows(x: Float64Array, shape: WindowShape): Pulled<Float64Array> {
  const { images, channels, kernel, rows, columns } = shape;
  const y = new Float64Array(images * rows * columns * channels * kernel ** 2);
  const places = Array.from({ length: y.length }, (_, at) => windowSource(shape, at));
  for (const [at, from] of places.entries()) if (from !== undefined) y[at] = x[from];
  return {
    y,
    pullback(dy) {
      const dx = zeros(x);
      for (const [at, from] of places.entries()) if (from !== undefined) dx[from] += dy[at];
      return dx;
    },
  };
}

/** Where number `at` of the windows comes from; undefined: from beyond the border. */
function windowSource(shape: WindowShape, at: number): number | undefined {
  const { height, width, channels, kernel, stride, padding, rows, columns } = shape;
  const taps = kernel ** 2;
  const tap = at % taps;
  const channel = Math.floor(at / taps) % channels;
  const place = Math.floor(at / (taps * channels));
  const column = (place % columns) * stride + (tap % kernel) - padding;
  const row = (Math.floor(place / columns) % rows) * stride + Math.floor(tap / kernel) - padding;
  if (row < 0 || row >= height || column < 0 || column >= width) return undefined;
  const image = Math.floor(place / (rows * columns));
  return ((image * height + row) * width + column) * channels + channel;
}

/**
 * Cross-entropy against a distribution: -Σ target · log softmax(logits).
 *
 * @param target [classes], sums to 1
 */
export function crossEntropy(
  logits: Float64Array,
  target: ArrayLike<number>,
): { readonly loss: number; readonly dLogits: Float64Array } {
  const largest = Math.max(...logits);
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - largest);
  const logSum = largest + Math.log(sum);
  let loss = 0;
  for (const [i, value] of logits.entries()) loss -= target[i] * (value - logSum);
  return { loss, dLogits: logits.map((value, i) => Math.exp(value - logSum) - target[i]) };
}

/** One class with probability 1 - smoothing + smoothing / classes, every other with smoothing / classes. */
export function smoothedTarget(label: number, classes: number, smoothing: number): Float32Array {
  const target = new Float32Array(classes).fill(smoothing / classes);
  target[label] = 1 - smoothing + smoothing / classes;
  return target;
}

export function add(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]);
}

function zeros(like: Float64Array): Float64Array {
  return new Float64Array(like.length);
}

/** The pullback of picking rows by `indices`: each row to where it came from, zeros elsewhere, [rows, width]. */
export function scatterRows(
  dy: Float64Array,
  indices: ArrayLike<number>,
  width: number,
  rows: number,
): Float64Array {
  const dx = new Float64Array(rows * width);
  for (let row = 0; row < indices.length; row++) {
    dx.set(dy.subarray(row * width, (row + 1) * width), indices[row] * width);
  }
  return dx;
}

/** Columns first … first + count - 1 of `x` [rows, width]. */
export function columns(x: Float64Array, width: number, first: number, count: number): Float64Array {
  const y = new Float64Array((x.length / width) * count);
  for (let row = 0; row < x.length / width; row++) {
    y.set(x.subarray(row * width + first, row * width + first + count), row * count);
  }
  return y;
}

/** Matrices of equally many rows side by side. */
export function sideBySide(rows: number, parts: readonly Float64Array[]): Float64Array {
  const widths = parts.map((part) => part.length / rows);
  const width = widths.reduce((sum, own) => sum + own, 0);
  const y = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let at = row * width;
    for (const [i, part] of parts.entries()) {
      y.set(part.subarray(row * widths[i], (row + 1) * widths[i]), at);
      at += widths[i];
    }
  }
  return y;
}
