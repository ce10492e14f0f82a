/**
 * Maps in float64 with the gradients that come back to them: what is computed is written down, and walked backward once.
 * A map is rows [images · height · width, channels]. Written apart from the traces, which are held to it.
 */
import type { Gradients64, Parameters64 } from '../reference/gradients.ts';
import { batchNorm, linear, type Pulled, sideBySide, windows } from '../reference/layers.ts';

export interface TapeMap {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly values: Float64Array;
  /** Of the loss; what has come back so far. */
  readonly gradient: Float64Array;
}

type Size = Pick<TapeMap, 'height' | 'width'>;

/** A share of one cell in another. */
export interface CellShare {
  readonly to: number;
  readonly from: number;
  readonly share: number;
}

export class Tape {
  readonly #images: number;
  readonly #parameters: Parameters64;
  readonly #gradients: Gradients64;
  readonly #back: (() => void)[] = [];
  /** By the buffers' names. */
  readonly statistics = new Map<string, Float64Array>();

  constructor(images: number, parameters: Parameters64, gradients: Gradients64) {
    this.#images = images;
    this.#parameters = parameters;
    this.#gradients = gradients;
  }

  map({ height, width }: Size, values: Float64Array): TapeMap {
    const channels = values.length / (this.#images * height * width);
    return { height, width, channels, values, gradient: new Float64Array(values.length) };
  }

  /** The last steps first. */
  backward(): void {
    for (const step of this.#back.toReversed()) step();
    this.#back.length = 0;
  }

  /** @param back told when the result's gradient is whole */
  step(size: Size, values: Float64Array, back: (gradient: Float64Array) => void): TapeMap {
    const result = this.map(size, values);
    this.#back.push(() => back(result.gradient));
    return result;
  }

  /** 1x1 or 3x3 with zeros around; `<name>.weight`, and `<name>.bias` where there is one. */
  conv(name: string, x: TapeMap, kernel: number): TapeMap {
    const { height, width, channels } = x;
    const padding = (kernel - 1) / 2;
    const shape = { images: this.#images, height, width, channels, kernel, stride: 1, padding };
    const around = windows(x.values, { ...shape, rows: height, columns: width });
    const weight = this.#parameters.get(`${name}.weight`)!;
    const bias = this.#parameters.get(`${name}.bias`);
    const inputs = channels * kernel ** 2;
    const product = linear(around.y, weight, inputs, weight.length / inputs, {
      ...(bias !== undefined && { bias }),
    });
    return this.step(x, product.y, (gradient) => {
      const back = product.pullback(gradient);
      this.#gradients.collect(`${name}.weight`, back.weight);
      if (bias !== undefined) this.#gradients.collect(`${name}.bias`, back.bias);
      addTo(x.gradient, around.pullback(back.x));
    });
  }

  /** Convolution, BatchNorm by the maps at hand, ReLU. */
  convModule(name: string, x: TapeMap, kernel: number): TapeMap {
    const map = this.conv(`${name}.conv`, x, kernel);
    const own = (part: string) => this.#parameters.get(`${name}.bn.${part}`)!;
    const normed = batchNorm(map.values, own('weight'), own('bias'), 1e-5);
    this.statistics.set(`${name}.bn.running_mean`, normed.mean);
    this.statistics.set(`${name}.bn.running_var`, normed.unbiasedVariance);
    const values = normed.y.map((value) => Math.max(value, 0));
    return this.step(map, values, (gradient) => {
      const back = normed.pullback(gradient.map((slope, i) => (normed.y[i] > 0 ? slope : 0)));
      this.#gradients.collect(`${name}.bn.weight`, back.weight);
      this.#gradients.collect(`${name}.bn.bias`, back.bias);
      addTo(map.gradient, back.x);
    });
  }

  /** Every row by itself. */
  norm(
    name: string,
    x: TapeMap,
    normed: Pulled<{ x: Float64Array; weight: Float64Array; bias: Float64Array }>,
  ) {
    return this.step(x, normed.y, (gradient) => {
      const back = normed.pullback(gradient);
      this.#gradients.collect(`${name}.weight`, back.weight);
      this.#gradients.collect(`${name}.bias`, back.bias);
      addTo(x.gradient, back.x);
    });
  }

  /** Cells that are sums of shares of cells: resizing and pooling. */
  shared(x: TapeMap, size: Size, shares: readonly CellShare[]): TapeMap {
    const { channels } = x;
    const [from, to] = [x.height * x.width, size.height * size.width];
    const values = new Float64Array(this.#images * to * channels);
    const walk = (visit: (source: number, target: number, share: number) => void) => {
      for (let image = 0; image < this.#images; image++) {
        for (const one of shares) {
          const source = (image * from + one.from) * channels;
          const target = (image * to + one.to) * channels;
          for (let c = 0; c < channels; c++) visit(source + c, target + c, one.share);
        }
      }
    };
    walk((source, target, share) => {
      values[target] += share * x.values[source];
    });
    return this.step(size, values, (gradient) =>
      walk((source, target, share) => {
        x.gradient[source] += share * gradient[target];
      }),
    );
  }

  sum(a: TapeMap, b: TapeMap): TapeMap {
    const values = a.values.map((value, i) => value + b.values[i]);
    return this.step(a, values, (gradient) => {
      addTo(a.gradient, gradient);
      addTo(b.gradient, gradient);
    });
  }

  /** Along the channels. */
  concat(parts: readonly TapeMap[]): TapeMap {
    const rows = parts[0].values.length / parts[0].channels;
    const values = sideBySide(
      rows,
      parts.map((part) => part.values),
    );
    const total = values.length / rows;
    return this.step(parts[0], values, (gradient) => {
      let first = 0;
      for (const { channels, gradient: own } of parts) {
        for (let i = 0; i < own.length; i++) {
          own[i] += gradient[Math.floor(i / channels) * total + first + (i % channels)];
        }
        first += channels;
      }
    });
  }
}

function addTo(sum: Float64Array, more: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += more[i];
}
