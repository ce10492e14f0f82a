/** What there is to know about one reduction, in every form it has. */
export interface Reduction {
  /** In reports and on the page: "l1 norm". */
  readonly label: string;
  readonly explanation: string;
  /** The formula: values[from], … values[to - 1] → score. Also what the CPU runs; one plain loop each. */
  of(values: ArrayLike<number>, from: number, to: number): number;
  /** Strict FLOPs of one element, and of one token besides. */
  readonly flops: { readonly perElement: number; readonly perToken: number };
  /** WGSL: one channel's share of the sum, an expression in `signal`; and the score, one in `sum`. */
  readonly wgsl: { readonly share: string; readonly score: string };
  /** ONNX: operators of one input applied to the signal one after the other, then the reduction over channels. */
  readonly onnx: { readonly before: readonly string[]; readonly reduce: 'ReduceSum' | 'ReduceL2' };
  /** Which of the CPU's kernels does it, kernels/src/reductions; absent: the loop above. */
  readonly kernel?: 'clip' | 'sum' | 'l1' | 'l2';
}
