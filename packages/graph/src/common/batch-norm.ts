/** BatchNorm at inference is one factor and one offset per channel, so a convolution before it takes it in. */
import type { Weights } from '@vssm/core';
import { batchNormAffine } from '@vssm/core/reference';
import type { Value } from '../onnx/builder.ts';
import type { Parameters } from './parameters.ts';

export interface FoldedConv {
  /** The convolution's weight, each output channel times its factor, in the weight's own shape. */
  readonly weight: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
}

/**
 * @param conv name of a convolution without bias
 * @param batchNorm name of the BatchNorm over its outputs
 */
export function foldedBatchNorm(weights: Weights, conv: string, batchNorm: string): FoldedConv {
  const of = (name: string) => weights.get(`${batchNorm}.${name}`)!.data;
  const { scale, offset } = batchNormAffine(of('weight'), of('bias'), of('running_mean'), of('running_var'));
  const { data } = weights.get(`${conv}.weight`)!;
  const perChannel = data.length / scale.length;
  return {
    weight: data.map((value, i) => value * scale[Math.floor(i / perChannel)]),
    bias: Float32Array.from(offset),
  };
}

/** The same as values of a graph. */
export function foldedConv(
  parameters: Parameters,
  conv: string,
  batchNorm: string,
): { readonly weight: Value; readonly bias: Value } {
  const { shape } = parameters.tensor(`${conv}.weight`);
  const { weight, bias } = foldedBatchNorm(parameters.weights, conv, batchNorm);
  return {
    weight: parameters.derived(`${conv}.weight.normed`, shape, () => weight),
    bias: parameters.derived(`${batchNorm}.bias.normed`, [shape[0]], () => bias),
  };
}
