/**
 * The IDX format of MNIST and its descendants: two zero bytes, a type (8: unsigned byte), the number of axes, each
 * axis as a big-endian uint32, then the values row-major. Read whole, gzipped or not, within a given bound.
 */
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { UserError } from '@vssm/core';

export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** The uncompressed file, header included. */
  readonly bytes: Uint8Array;
}

const unsignedByte = 8;

/**
 * Reads an IDX file of unsigned bytes.
 *
 * @param axes number of axes it must have
 * @param maxBytes bound on the uncompressed length
 * @throws UserError naming the file: missing, not gzip, too long, another type, or another length than its header
 *   says
 */
export function readIdx(path: string, axes: number, maxBytes: number): IdxArray {
  const bytes = uncompressed(path, maxBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = 4 + 4 * axes;
  if (bytes.length < headerLength || view.getUint32(0) !== (unsignedByte << 8) + axes) {
    throw new UserError(`${path}: not an IDX file of bytes with ${axes} axes; fetch it again`);
  }
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = shape.reduce((product, axis) => product * axis, 1);
  const data = bytes.subarray(headerLength);
  if (data.length !== expected) {
    throw new UserError(
      `${path}: ${data.length} values where the header says ${shape.join(' x ')}; fetch it again`,
    );
  }
  return { shape, data, bytes };
}

function uncompressed(path: string, maxBytes: number): Uint8Array {
  let stored: Buffer;
  try {
    const { size } = statSync(path);
    if (size > maxBytes) throw new Error(`${size} bytes, expected at most ${maxBytes}`);
    stored = readFileSync(path);
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${(error as Error).message})`);
  }
  const isGzip = stored[0] === 0x1f && stored[1] === 0x8b;
  if (!isGzip) return stored;
  try {
    return gunzipSync(stored, { maxOutputLength: maxBytes });
  } catch (error) {
    throw new UserError(`${path}: cannot be unpacked (${(error as Error).message}); fetch it again`);
  }
}
