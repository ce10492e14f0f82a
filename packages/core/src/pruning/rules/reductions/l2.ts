import type { Reduction } from './reduction.ts';

export const l2: Reduction = {
  label: 'l2 norm',
  explanation: '√Σ ·² over the channels',
  of(values, from, to) {
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[i] * values[i];
    return Math.sqrt(sum);
  },
  flops: { perElement: 2, perToken: 1 },
  wgsl: { share: 'signal * signal', score: 'sqrt(max(sum, 0.0))' },
  onnx: { before: [], reduce: 'ReduceL2' },
  kernel: 'l2',
};
