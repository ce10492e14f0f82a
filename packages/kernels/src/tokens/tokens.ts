/**
 * What a pruning step does to whole tokens: the score of the EViT baseline, and gathering the kept rows. The
 * options and their twins. The kernels are in tokens.asm.ts.
 */
import { type Rows, rowAddress } from '../rows.ts';

export interface DotScoreOptions {
  readonly batch: number;
  /** Tokens L. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** [B, L, E]: the gated output. */
  readonly rows: Rows;
  /** Index of the class token in each image's current sequence; a number when it is the same in all. */
  readonly classToken: number | ArrayLike<number>;
  /** Output [B, L]: each token's dot product with the class token. */
  readonly scores: number;
}

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

export function classTokenOf(options: DotScoreOptions, image: number): number {
  return typeof options.classToken === 'number' ? options.classToken : options.classToken[image];
}

/** The twin of dotScore: [B, L]. */
export function dotScoreReference(buffer: ArrayBufferLike, options: DotScoreOptions): Float64Array {
  const { batch, length, channels } = options;
  const floats = new Float32Array(buffer);
  const row = (image: number, token: number) => rowAddress(options.rows, image, token, length) / 4;
  return Float64Array.from({ length: batch * length }, (_, index) => {
    const image = Math.floor(index / length);
    const token = row(image, index % length);
    const reference = row(image, classTokenOf(options, image));
    let sum = 0;
    for (let channel = 0; channel < channels; channel++)
      sum += floats[token + channel] * floats[reference + channel];
    return sum;
  });
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
