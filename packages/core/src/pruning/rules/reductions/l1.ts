import type { Reduction } from './reduction.ts';

export const l1: Reduction = {
  label: 'l1 norm',
  explanation: 'Σ |·| over the channels',
  of(values, from, to) {
    let sum = 0;
    for (let i = from; i < to; i++) sum += Math.abs(values[i]);
    return sum;
  },
  flops: { perElement: 2, perToken: 0 },
  wgsl: { share: 'abs(signal)', score: 'sum' },
  onnx: { before: ['Abs'], reduce: 'ReduceSum' },
  kernel: 'l1',
};
