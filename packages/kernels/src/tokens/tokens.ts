/**
 * What a pruning step does to whole tokens: gathering the kept rows. The options and the twin. The kernel is
 * tokens.asm.ts.
 */
import { type Rows, rowAddress } from '../rows.ts';

export interface GatherOptions {
  readonly batch: number;
  /** Tokens L before. */
  readonly length: number;
  /** Tokens K after. */
  readonly kept: number;
  /** Floats d of a row. */
  readonly width: number;
  /** [B, L, d] */
  readonly from: Rows;
  /** [B, K] int32, indices into the current sequence. */
  readonly indices: number;
  /** Output [B, K, d]. Must not overlap an input. */
  readonly to: Rows;
}

/** The twin of gatherRows: [B, K, d], adjacent. */
export function gatherReference(buffer: ArrayBufferLike, options: GatherOptions): Float32Array {
  const { batch, length, kept, width } = options;
  const floats = new Float32Array(buffer);
  const indices = new Int32Array(buffer, options.indices, batch * kept);
  return Float32Array.from({ length: batch * kept * width }, (_, at) => {
    const row = Math.floor(at / width);
    const image = Math.floor(row / kept);
    return floats[rowAddress(options.from, image, indices[row], length) / 4 + (at % width)];
  });
}
