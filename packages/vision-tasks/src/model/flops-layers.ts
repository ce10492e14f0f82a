/**
 * What the layers of the heads of detectors and segmenters cost, in the two profiles: `paper` counts the multiply-adds of convolutions,
 * linear layers and sampling, 5 per element of a LayerNorm, 2 of a BatchNorm; everything else is free. `strict`
 * counts 2 per multiply-add and 1 per other operation.
 */
import type { FlopsProfile } from '@vssm/core';

export class Cost {
  readonly #strict: boolean;
  total = 0;

  constructor(profile: FlopsProfile) {
    this.#strict = profile === 'strict';
  }

  multiplyAdds(count: number): void {
    this.total += this.#strict ? 2 * count : count;
  }

  /** Operations that the `paper` profile does not count. */
  operations(count: number): void {
    if (this.#strict) this.total += count;
  }

  /** Convolution with bias; transposed ones count as `taps` inputs per output pixel. */
  conv(pixels: number, inputs: number, outputs: number, taps: number): void {
    this.multiplyAdds(pixels * inputs * outputs * taps);
    this.operations(pixels * outputs);
  }

  /** Convolution without bias and BatchNorm, which `strict` takes as folded: one addition. */
  normedConv(pixels: number, inputs: number, outputs: number, taps: number): void {
    this.multiplyAdds(pixels * inputs * outputs * taps);
    this.total += this.#strict ? pixels * outputs : 2 * pixels * outputs;
  }

  linear(rows: number, inputs: number, outputs: number): void {
    this.conv(rows, inputs, outputs, 1);
  }

  layerNorm(elements: number): void {
    this.total += (this.#strict ? 7 : 5) * elements;
  }

  batchNorm(elements: number): void {
    this.total += 2 * elements;
  }

  /** Activation, addition of two maps: 1 an element. */
  elementwise(elements: number): void {
    this.operations(elements);
  }

  /** Bilinear resizing: three blends of two multiplications and one addition. */
  bilinear(elements: number): void {
    this.operations(9 * elements);
  }

  /** Reading `channels` values between four cells. */
  sample(points: number, channels: number): void {
    this.multiplyAdds(4 * points * channels);
  }
}
