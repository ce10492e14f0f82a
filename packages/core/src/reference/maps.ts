/**
 * Feature maps in float64, one image at a time, [C, H, W] row-major, and the layers that work on
 * them. Parameters are found by upstream's names.
 */
import { batchNormAffine, convolve } from './grid-layers.ts';
import type { Parameters } from './prediction.ts';

export interface FeatureMap {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [C, H, W] */
  readonly values: Float64Array;
}

/** A map over a copy of the values. @param values [channels, height, width] */
export function featureMap(
  channels: number,
  height: number,
  width: number,
  values: ArrayLike<number>,
): FeatureMap {
  return { channels, height, width, values: Float64Array.from(values) };
}

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on every side; default as many as keep the size at stride 1. */
  readonly padding?: number;
  readonly bias?: boolean;
}

/** `<name>.weight` [outputs, C, k, k] and, unless told otherwise, `<name>.bias`. */
export function conv(
  parameter: Parameters,
  name: string,
  x: FeatureMap,
  kernel: number,
  { stride = 1, padding = (kernel - 1) / 2, bias = true }: ConvOptions = {},
): FeatureMap {
  const weight = parameter(`${name}.weight`);
  const size = (input: number) => Math.floor((input + 2 * padding - kernel) / stride) + 1;
  const shape = {
    outputs: weight.length / (x.channels * kernel ** 2),
    kernel,
    stride,
    padding,
    outputHeight: size(x.height),
    outputWidth: size(x.width),
  };
  return convolve(x, weight, shape, bias ? parameter(`${name}.bias`) : undefined);
}

/** BatchNorm at inference. */
export function batchNorm(parameter: Parameters, name: string, x: FeatureMap): FeatureMap {
  const { scale, offset } = batchNormAffine(
    parameter(`${name}.weight`),
    parameter(`${name}.bias`),
    parameter(`${name}.running_mean`),
    parameter(`${name}.running_var`),
  );
  const area = x.height * x.width;
  return {
    ...x,
    values: x.values.map((value, i) => {
      const channel = Math.floor(i / area);
      return value * scale[channel] + offset[channel];
    }),
  };
}

/** mmcv's ConvModule: `<name>.conv` without bias, then `<name>.bn`. */
export function normedConv(
  parameter: Parameters,
  name: string,
  x: FeatureMap,
  kernel: number,
  options: ConvOptions = {},
): FeatureMap {
  return batchNorm(
    parameter,
    `${name}.bn`,
    conv(parameter, `${name}.conv`, x, kernel, { ...options, bias: false }),
  );
}

/** max(0, x) of every value. */
export function relu(x: FeatureMap): FeatureMap {
  return { ...x, values: x.values.map((value) => Math.max(0, value)) };
}

/** Transposed convolution with kernel and stride 2: every pixel becomes 2x2 of its own. weight [C, outputs, 2, 2] */
export function deconv2x2(parameter: Parameters, name: string, x: FeatureMap): FeatureMap {
  const weight = parameter(`${name}.weight`);
  const bias = parameter(`${name}.bias`);
  const outputs = bias.length;
  const [height, width] = [2 * x.height, 2 * x.width];
  const values = new Float64Array(outputs * height * width);
  let at = 0;
  for (let out = 0; out < outputs; out++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const tap = (row % 2) * 2 + (column % 2);
        let sum = bias[out];
        for (let c = 0; c < x.channels; c++) {
          const from = (c * x.height + (row >> 1)) * x.width + (column >> 1);
          sum += x.values[from] * weight[(c * outputs + out) * 4 + tap];
        }
        values[at++] = sum;
      }
    }
  }
  return { channels: outputs, height, width, values };
}

/** Sum of two maps of the same shape. */
export function addMaps(a: FeatureMap, b: FeatureMap): FeatureMap {
  return { ...a, values: a.values.map((value, i) => value + b.values[i]) };
}

/** Along the channels. */
export function concatMaps(maps: readonly FeatureMap[]): FeatureMap {
  const { height, width } = maps[0];
  const channels = maps.reduce((sum, map) => sum + map.channels, 0);
  const values = new Float64Array(channels * height * width);
  let at = 0;
  for (const map of maps) {
    values.set(map.values, at);
    at += map.values.length;
  }
  return { channels, height, width, values };
}

/** [C, H, W] → tokens [H·W, C] in raster order. */
export function tokensOfMap({ channels, values }: FeatureMap): Float64Array {
  const cells = values.length / channels;
  return values.map((_, i) => values[(i % channels) * cells + Math.floor(i / channels)]);
}

/** tokens [H·W, C] in raster order → [C, H, W] */
export function mapOfTokens(tokens: Float64Array, height: number, width: number): FeatureMap {
  const cells = height * width;
  const channels = tokens.length / cells;
  const values = tokens.map((_, i) => tokens[(i % cells) * channels + Math.floor(i / cells)]);
  return { channels, height, width, values };
}
