import type { Reduction } from './reduction.ts';

export const sum: Reduction = {
  label: 'plain sum',
  explanation: 'the sum over the channels, without clipping',
  of(values, from, to) {
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[i];
    return sum;
  },
  flops: { perElement: 1, perToken: 0 },
  wgsl: { share: 'signal', score: 'sum' },
  onnx: { before: [], reduce: 'ReduceSum' },
  kernel: 'sum',
};
