/**
 * What stands before and after the scan that reads contributions (core's contributions.ts has the formula): the weights
 * of the tokens that are read out, over the Δ that the scan's kernel multiplies them by,
 *
 *     w_t = SiLU(z_t) / softplus(delta_t + deltaBias)
 *
 * and, of what the scan has put out for each token, what that token gave:
 *
 *     c_t += softplus(delta_t + deltaBias) · u_t · read_t
 *
 * The options, and the twins that compute them in float64. The kernels are contribution.asm.ts.
 */
import { silu, softplus } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';

interface Shape {
  readonly batch: number;
  /** Tokens L. */
  readonly length: number;
  /** Channels E. */
  readonly channels: number;
  /** [B, L, E], before bias and softplus. */
  readonly delta: Rows;
  /** [E] */
  readonly deltaBias: number;
}

export interface ReaderWeightOptions extends Shape {
  /** [B, L, E] */
  readonly z: Rows;
  /** Output [B, L, E]. Must not overlap an input. */
  readonly to: Rows;
}

export interface ContributionOptions extends Shape {
  /** [B, L, E] each. */
  readonly u: Rows;
  readonly read: Rows;
  /** [B, L, E], which the contributions are added to. Must not overlap an input. */
  readonly to: Rows;
}

/** The twin of the weights: [B, L, E], adjacent. */
export function readerWeightReference(buffer: ArrayBufferLike, options: ReaderWeightOptions): Float64Array {
  const read = readerOf(buffer, options);
  return everyValue(options, (place) => silu(read(options.z, place)) / delta(buffer, options, place));
}

/** The twin of the contributions, with what is there before: [B, L, E], adjacent. */
export function contributionReference(buffer: ArrayBufferLike, options: ContributionOptions): Float64Array {
  const read = readerOf(buffer, options);
  return everyValue(
    options,
    (place) =>
      read(options.to, place) +
      delta(buffer, options, place) * read(options.u, place) * read(options.read, place),
  );
}

interface Place {
  readonly image: number;
  readonly token: number;
  readonly channel: number;
}

function delta(buffer: ArrayBufferLike, options: Shape, place: Place): number {
  const bias = new Float32Array(buffer)[options.deltaBias / 4 + place.channel];
  return softplus(readerOf(buffer, options)(options.delta, place) + bias);
}

function readerOf(buffer: ArrayBufferLike, { length }: Shape): (rows: Rows, place: Place) => number {
  const floats = new Float32Array(buffer);
  return (rows, { image, token, channel }) => floats[rowAddress(rows, image, token, length) / 4 + channel];
}

function everyValue({ batch, length, channels }: Shape, value: (place: Place) => number): Float64Array {
  return Float64Array.from({ length: batch * length * channels }, (_, at) => {
    const row = Math.floor(at / channels);
    return value({ image: Math.floor(row / length), token: row % length, channel: at % channels });
  });
}
