/**
 * The gate as a step of its own, y = scale · SiLU(z) · ssm, and its gradient: training keeps the ungated sum, which
 * the gradient of z needs. The options, and the twins. The kernels are in backward-gate.asm.ts.
 */
import { silu } from '@vssm/core/reference';
import { type Rows, rowAddress } from '../rows.ts';
import { siluSlope } from './backward-scan.ts';

export interface GateOptions {
  readonly batch: number;
  /** Tokens L. */
  readonly length: number;
  /** Channels E, a multiple of 8. */
  readonly channels: number;
  readonly scale: number;
  /** [B, L, E]: the sum of the directions. */
  readonly ssm: Rows;
  /** [B, L, E] */
  readonly z: Rows;
  /** Output [B, L, E]. May be `ssm` itself. */
  readonly y: Rows;
}

export interface GateBackwardOptions extends Omit<GateOptions, 'y'> {
  /** [B, L, E], dL/dy */
  readonly dy: Rows;
  /** Outputs, overwritten, [B, L, E] each. `dSsm` may be `dy` itself. */
  readonly dSsm: Rows;
  readonly dZ: Rows;
}

/** y [B, L, E], adjacent. */
export function gateReference(buffer: ArrayBufferLike, options: GateOptions): Float64Array {
  const read = reader(buffer, options);
  return overAll(options, (image, token, channel) => {
    return (
      options.scale * silu(read(options.z, image, token, channel)) * read(options.ssm, image, token, channel)
    );
  });
}

/** [B, L, E] each, adjacent. */
export function gateBackwardReference(
  buffer: ArrayBufferLike,
  options: GateBackwardOptions,
): { readonly dSsm: Float64Array; readonly dZ: Float64Array } {
  const read = reader(buffer, options);
  const { scale, ssm, z, dy } = options;
  return {
    dSsm: overAll(options, (...at) => scale * read(dy, ...at) * silu(read(z, ...at))),
    dZ: overAll(options, (...at) => scale * read(dy, ...at) * read(ssm, ...at) * siluSlope(read(z, ...at))),
  };
}

type Place = [image: number, token: number, channel: number];

function reader(buffer: ArrayBufferLike, { length }: Pick<GateOptions, 'length'>) {
  const floats = new Float32Array(buffer);
  return (rows: Rows, ...[image, token, channel]: Place) =>
    floats[rowAddress(rows, image, token, length) / 4 + channel];
}

function overAll(
  { batch, length, channels }: Pick<GateOptions, 'batch' | 'length' | 'channels'>,
  value: (...at: Place) => number,
): Float64Array {
  return Float64Array.from({ length: batch * length * channels }, (_, i) => {
    const row = Math.floor(i / channels);
    return value(Math.floor(row / length), row % length, i % channels);
  });
}
