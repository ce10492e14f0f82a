/** The layers that both families are made of. */
import type { Precision } from '../choices.ts';
import { float, type GraphBuilder, type Value } from '../onnx/builder.ts';
import { dataTypes } from '../onnx/schema.ts';
import type { Parameters } from './parameters.ts';

/** The model's images as an input, [B, C, H, W]. */
export function imageInput(
  g: GraphBuilder,
  name: string,
  spec: { readonly inChannels: number; readonly imageHeight: number; readonly imageWidth: number },
): Value {
  return g.input(name, 'F32', ['batch', spec.inChannels, spec.imageHeight, spec.imageWidth]);
}

/** x / sqrt(mean(x²) + ε) · weight over the last axis. */
export function rmsNorm(g: GraphBuilder, x: Value, weight: Value): Value {
  return g.op('RMSNormalization', [x, weight], { attributes: { axis: -1, epsilon: float(1e-5) } });
}

/** Minus the mean, over sqrt(variance + ε), times `<name>.weight` plus `<name>.bias`, over the last axis. */
export function layerNorm(
  g: GraphBuilder,
  parameters: Parameters,
  x: Value,
  name: string,
  epsilon: number,
): Value {
  return g.op(
    'LayerNormalization',
    [x, parameters.plain(`${name}.weight`), parameters.plain(`${name}.bias`)],
    {
      attributes: { axis: -1, epsilon: float(epsilon) },
    },
  );
}

/** x times `<name>.weight` transposed plus `<name>.bias`, over the last axis; the result is called `output`. */
export function linear(
  g: GraphBuilder,
  parameters: Parameters,
  x: Value,
  name: string,
  output?: string,
): Value {
  const product = g.op('MatMul', [x, parameters.linear(`${name}.weight`)]);
  return g.op(
    'Add',
    [product, parameters.plain(`${name}.bias`)],
    output === undefined ? {} : { name: output },
  );
}

/**
 * x times the weight `name` transposed, times `scale`, over the last axis: the product into or out of a mixer. In half
 * precision the weight is rounded to float16; so are x and the product, unless a runtime has no such product (ONNX
 * Runtime's on a processor) and computes it in float32.
 */
export function mixerProduct(
  g: GraphBuilder,
  parameters: Parameters,
  x: Value,
  name: string,
  scale = 1,
): Value {
  const { precision } = parameters;
  return weightProduct(g, x, parameters.linear(name, scale, precision), precision);
}

/** x, float32, times a weight of this precision, as float32. */
export function weightProduct(g: GraphBuilder, x: Value, weight: Value, precision: Precision): Value {
  if (precision === 'f32') return g.op('MatMul', [x, weight]);
  const half = g.op('Cast', [x], { attributes: { to: dataTypes.F16 } });
  const product = g.op('MatMul', [half, weight]);
  return g.op('Cast', [product], { attributes: { to: dataTypes.F32 } });
}

/** x · sigmoid(x) */
export function silu(g: GraphBuilder, x: Value): Value {
  return g.op('Mul', [x, g.op('Sigmoid', [x])]);
}

/** [B, L, C] ⇄ [B, C, L] */
export function swapLastAxes(g: GraphBuilder, x: Value): Value {
  return g.op('Transpose', [x], { attributes: { perm: [0, 2, 1] } });
}

/** The size of the first axis, as a vector of one int64. */
export function batchOf(g: GraphBuilder, value: Value): Value {
  return g.op('Shape', [value], { attributes: { start: 0, end: 1 } });
}

/** 0 … length-1 as int64 [length] */
export function range(g: GraphBuilder, length: number): Value {
  return g.ints(Array.from({ length }, (_, i) => i));
}
