/**
 * The length of every token's row of a signal, in float64 of float32 numbers as core's reduction `l2` computes it:
 *
 *     s_t = √ Σ_e x_{t,e}²
 *
 * The options, the twin, and the call with its checks. The kernel is lengths.asm.ts.
 */
import { checkCount, checkRows, checkVector, type Rows, rowAddress } from '../rows.ts';
import type { WasmMemory } from '../webassembly.ts';

export interface LengthOptions {
  /** Tokens L. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** [L, E] */
  readonly x: Rows;
  /** Output [L] float64: a byte offset, a multiple of 8. Must not overlap the input. */
  readonly to: number;
}

export interface LengthKernels {
  /** x → to */
  rowLengths(options: LengthOptions): void;
}

/** The module's exports; arguments as in lengths.asm.ts. */
export interface LengthExports {
  rowLengths(...integers: number[]): void;
}

export function lengthKernels(module: LengthExports, memory: WasmMemory): LengthKernels {
  return {
    rowLengths({ length, channels, x, to }) {
      checkCount('length', length);
      checkCount('channels', channels);
      checkRows(memory, 'x', x, 1, length, channels);
      checkVector(memory, 'to', to, 2 * length);
      if (to % 8 !== 0) throw new RangeError(`to is at byte ${to}, expected a multiple of 8`);
      module.rowLengths(length, channels, x.at, 4 * x.stride, to);
    },
  };
}

/** The twin: [L]. */
export function lengthReference(
  buffer: ArrayBufferLike,
  { length, channels, x }: LengthOptions,
): Float64Array {
  const floats = new Float32Array(buffer);
  return Float64Array.from({ length }, (_, token) => {
    const from = rowAddress(x, 0, token, length) / 4;
    let sum = 0;
    for (let i = from; i < from + channels; i++) sum += floats[i] * floats[i];
    return Math.sqrt(sum);
  });
}
