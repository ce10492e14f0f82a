/**
 * The rows of a signal to one score a token, in float64 of float32 numbers, as core's reductions define it:
 *
 *     clip  Σ_e max(0, x_{t,e})      sum  Σ_e x_{t,e}      l1  Σ_e |x_{t,e}|      l2  √ Σ_e x_{t,e}²
 *
 * The options, the twin, and the call with its checks. The kernel is reductions.asm.ts.
 */
import { checkCount, checkRows, checkVector, type Rows, rowAddress } from '../rows.ts';
import type { WasmMemory } from '../webassembly.ts';

/** In the kernels' order. */
export const rowReductions = ['clip', 'sum', 'l1', 'l2'] as const;
export type RowReduction = (typeof rowReductions)[number];

export interface ReduceOptions {
  readonly kind: RowReduction;
  /** Tokens L. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** [L, E] */
  readonly x: Rows;
  /** Output [L] float64: a byte offset, a multiple of 8. Must not overlap the input. */
  readonly to: number;
}

export interface ReduceKernels {
  /** x → to */
  reduceRows(options: ReduceOptions): void;
}

/** The module's exports; arguments as in reductions.asm.ts. */
export interface ReduceExports {
  reduceRows(...integers: number[]): void;
}

export function reduceKernels(module: ReduceExports, memory: WasmMemory): ReduceKernels {
  return {
    reduceRows({ kind, length, channels, x, to }) {
      checkCount('length', length);
      checkCount('channels', channels);
      checkRows(memory, 'x', x, 1, length, channels);
      checkVector(memory, 'to', to, 2 * length);
      if (to % 8 !== 0) throw new RangeError(`to is at byte ${to}, expected a multiple of 8`);
      const number = rowReductions.indexOf(kind);
      if (number < 0) throw new RangeError(`kind is "${kind}", expected one of ${rowReductions.join(', ')}`);
      module.reduceRows(number, length, channels, x.at, 4 * x.stride, to);
    },
  };
}

const parts: Readonly<Record<RowReduction, (x: number) => number>> = {
  clip: (x) => Math.max(0, x),
  sum: (x) => x,
  l1: Math.abs,
  l2: (x) => x * x,
};

/** The twin: [L]. */
export function reduceReference(
  buffer: ArrayBufferLike,
  { kind, length, channels, x }: ReduceOptions,
): Float64Array {
  const floats = new Float32Array(buffer);
  return Float64Array.from({ length }, (_, token) => {
    const from = rowAddress(x, 0, token, length) / 4;
    let sum = 0;
    for (let i = from; i < from + channels; i++) sum += parts[kind](floats[i]);
    return kind === 'l2' ? Math.sqrt(sum) : sum;
  });
}
