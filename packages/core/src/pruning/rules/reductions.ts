/**
 * How a signal of E channels becomes one score: the one place that knows the reductions, in every form they have. A
 * new entry is a value of `--reduce`, a name in results and reports, and runs on every backend.
 */
interface Reduction {
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
}

const definitions = {
  clip: {
    label: 'clipped sum',
    explanation: 'Σ max(0, ·) over the channels, the paper’s',
    of(values, from, to) {
      let sum = 0;
      // max(0, v) = (v + |v|) / 2, exactly; V8 takes ten times as long for Math.max(0, v).
      for (let i = from; i < to; i++) sum += values[i] + Math.abs(values[i]);
      return sum / 2;
    },
    flops: { perElement: 2, perToken: 0 },
    wgsl: { share: 'max(signal, 0.0)', score: 'sum' },
    onnx: { before: ['Relu'], reduce: 'ReduceSum' },
  },
  sum: {
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
  },
  l1: {
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
  },
  l2: {
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
  },
} as const satisfies Readonly<Record<string, Reduction>>;

export type ReductionName = keyof typeof definitions;

export const reductionTable: Readonly<Record<ReductionName, Reduction>> = definitions;

/** Values of `reduce`. `clip` = Σ max(0, ·), the paper's. */
export const reductions = Object.keys(definitions) as [ReductionName, ...ReductionName[]];

/**
 * @param signal [L, E]
 * @returns scores [L], token i's own
 */
export function reduceSignal(
  signal: ArrayLike<number>,
  length: number,
  channels: number,
  reduce: ReductionName,
): Float64Array {
  const { of } = reductionTable[reduce];
  const scores = new Float64Array(length);
  for (let token = 0; token < length; token++) {
    scores[token] = of(signal, token * channels, (token + 1) * channels);
  }
  return scores;
}
