/** A model's parameters in the layouts that graphs want. */
import type { Tensor, Weights } from '@vssm/core';
import type { Precision } from '../choices.ts';
import type { GraphBuilder, Value } from '../onnx/builder.ts';

/**
 * Every parameter is stored once in the graph, however often it is read. Throws an Error for a name that is not
 * there.
 */
export class Parameters {
  readonly weights: Weights;
  /** See `mixerProduct`. */
  readonly precision: Precision;
  readonly #graph: GraphBuilder;
  readonly #stored = new Map<string, Value>();

  constructor(graph: GraphBuilder, weights: Weights, precision: Precision = 'f32') {
    this.#graph = graph;
    this.weights = weights;
    this.precision = precision;
  }

  /** As stored, with another shape of the same size if given. */
  plain(name: string, shape?: readonly number[]): Value {
    const tensor = this.tensor(name);
    return this.#store(name, shape ?? tensor.shape, () => tensor.data);
  }

  /**
   * A linear layer's weight [outputs, inputs] as MatMul wants it, [inputs, outputs], times `scale`. A convolution of one
   * pixel is one too.
   */
  linear(name: string, scale = 1, precision?: Precision): Value {
    const { shape, data } = this.tensor(name);
    const [outputs, inputs] = shape;
    const transposed = () => {
      const numbers = new Float32Array(data.length);
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < inputs; i++) numbers[i * outputs + o] = scale * data[o * inputs + i];
      }
      return numbers;
    };
    return this.#store(name, [inputs, outputs], transposed, precision);
  }

  /**
   * A causal convolution's weight [E, 1, taps], its taps reversed for the backward direction: there the tokens
   * stay in their own order and the window looks ahead instead of back.
   */
  taps(name: string, reversed: boolean): Value {
    const { shape, data } = this.tensor(name);
    const taps = shape[2];
    return this.#store(name, shape, () => {
      if (!reversed) return data;
      return data.map((_, i) => data[i - (i % taps) + (taps - 1 - (i % taps))]);
    });
  }

  /** Any function of a parameter, elementwise, computed in double precision. */
  map(name: string, suffix: string, shape: readonly number[], f: (value: number) => number): Value {
    const { data } = this.tensor(name);
    return this.#store(`${name}.${suffix}`, shape, () => Float32Array.from(data, (value) => f(value)));
  }

  /** What `make` computes from whichever parameters, stored once under `name`. */
  derived(name: string, shape: readonly number[], make: () => Float32Array): Value {
    return this.#store(name, shape, make);
  }

  tensor(name: string): Tensor<Float32Array> {
    const tensor = this.weights.get(name);
    if (tensor === undefined) throw new Error(`weights have no "${name}"`);
    return tensor;
  }

  #store(name: string, shape: readonly number[], data: () => Float32Array, precision?: Precision): Value {
    const existing = this.#stored.get(name);
    if (existing !== undefined) return existing;
    const value = this.#graph.weight(name, shape, data(), precision);
    this.#stored.set(name, value);
    return value;
  }
}
