/** What `vssm predict` and `vssm explain` write of a model's answers. */
import type { Tensor } from '@vssm/core';

/** `logits` [count, classes], and `kept.<block>` [count, K] for every step. */
export function predictionTensors(
  logits: Float32Array | Float64Array,
  classes: number,
  kept: ReadonlyMap<number, Int32Array>,
  count: number,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>([
    [
      'logits',
      { dtype: logits instanceof Float64Array ? 'F64' : 'F32', shape: [count, classes], data: logits },
    ],
  ]);
  for (const [after, positions] of kept) tensors.set(`kept.${after}`, positionTensor(positions, count));
  return tensors;
}

/** [count, tokens] */
export function positionTensor(positions: Int32Array, count: number): Tensor {
  const data = BigInt64Array.from(positions, BigInt);
  return { dtype: 'I64', shape: [count, data.length / count], data };
}
