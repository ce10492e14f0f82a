/**
 * 3 x 3 convolutions of maps whose cells are rows of channels, zero padded, with bias and with or without ReLU. Made
 * by Winograd's F(4 x 4, 3 x 3) (Lavin and Gray 2016): a quarter of the products, at the price of a few more bits of
 * rounding.
 *
 * The options, the weights' layout, and the twin that convolves directly in float64. The kernel is winograd.c; there is
 * none in WebAssembly, whose products are slower than a convolution by ONNX Runtime.
 */
import type { Rows } from '../rows.ts';

export interface WinogradOptions {
  /** Maps of the same size, one after the other. */
  readonly maps: number;
  /** Cells of a map. */
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly outputs: number;
  /** [maps · rows · columns, channels] */
  readonly x: Rows;
  /** As `winogradWeights` makes it. */
  readonly weight: number;
  /** [outputs] */
  readonly bias: number;
  readonly activation: 'relu' | 'none';
  /** `winogradScratch` floats, any content. */
  readonly scratch: number;
  /** Output [maps · rows · columns, outputs]. Must not overlap an input. */
  readonly to: Rows;
}

const side = 6;
/** Outputs of a panel: PANEL of winograd.c. */
const panel = 32;
/** Tiles at a time: BLOCK of winograd.c, and GAP. */
const block = 48;
const gap = 16;

/** Rows of G: what becomes of a line of three weights. */
const weightTransform = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
] as const;

/** Floats of `winogradWeights`. */
export function winogradWeightCount(outputs: number, channels: number): number {
  return Math.ceil(outputs / panel) * panel * side * side * channels;
}

/** Floats of scratch. */
export function winogradScratch(channels: number): number {
  return side * side * (block * panel + block * channels + gap);
}

/** weight [outputs, channels, 3, 3] → G g Gᵀ, [outputs / 32, 36, channels, 32], zeros beyond the last output. */
export function winogradWeights(weight: Float32Array, outputs: number): Float32Array {
  const channels = weight.length / (9 * outputs);
  const made = new Float32Array(winogradWeightCount(outputs, channels));
  const half = new Float64Array(side * 3);
  for (let output = 0; output < outputs; output++) {
    const first = Math.floor(output / panel) * side * side * channels * panel + (output % panel);
    for (let channel = 0; channel < channels; channel++) {
      const from = (output * channels + channel) * 9;
      for (let i = 0; i < side; i++) {
        const [a, b, c] = weightTransform[i];
        for (let j = 0; j < 3; j++) {
          half[i * 3 + j] = a * weight[from + j] + b * weight[from + 3 + j] + c * weight[from + 6 + j];
        }
      }
      for (let i = 0; i < side; i++) {
        for (let j = 0; j < side; j++) {
          const [a, b, c] = weightTransform[j];
          const value = a * half[i * 3] + b * half[i * 3 + 1] + c * half[i * 3 + 2];
          made[first + ((i * side + j) * channels + channel) * panel] = value;
        }
      }
    }
  }
  return made;
}

/**
 * The twin: reads what the options name out of `buffer`, writes nothing; [maps · rows · columns, outputs], adjacent.
 *
 * @param weight [outputs, channels, 3, 3], what the options' was made of
 */
export function winogradReference(
  buffer: ArrayBufferLike,
  options: WinogradOptions,
  weight: Float32Array,
): Float64Array {
  const { maps, rows, columns, channels, outputs, x, bias, activation } = options;
  const floats = new Float32Array(buffer);
  const to = new Float64Array(maps * rows * columns * outputs);
  for (let cell = 0; cell < maps * rows * columns; cell++) {
    const column = cell % columns;
    const row = Math.floor(cell / columns) % rows;
    for (let output = 0; output < outputs; output++) {
      let sum = floats[bias / 4 + output];
      for (let tap = 0; tap < 9; tap++) {
        const [down, right] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
        if (row + down < 0 || row + down >= rows || column + right < 0 || column + right >= columns) continue;
        const from = x.at / 4 + (cell + down * columns + right) * x.stride;
        for (let channel = 0; channel < channels; channel++) {
          sum += weight[(output * channels + channel) * 9 + tap] * floats[from + channel];
        }
      }
      to[cell * outputs + output] = activation === 'relu' ? Math.max(sum, 0) : sum;
    }
  }
  return to;
}
