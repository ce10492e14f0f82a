/** The chunks of a PNG file, checked: length within the file, and checksum. */
import { crc32 } from 'node:zlib';

export const pngSignature: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export interface PngChunk {
  /** Four letters. */
  readonly type: string;
  readonly content: Buffer;
}

/** What is wrong with a file, in words that fit behind "it is damaged". */
export class PngDamage extends Error {}

/**
 * The chunks up to and without the last one, `IEND`.
 *
 * @param bytes that begin with the signature
 * @throws PngDamage where the file ends early, or a checksum is wrong
 */
export function* pngChunks(bytes: Buffer): Generator<PngChunk> {
  for (let at = pngSignature.length; ; ) {
    if (at + 12 > bytes.length) throw new PngDamage('it ends early');
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) throw new PngDamage('it ends early');
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new PngDamage(`wrong checksum of ${/^[A-Za-z]{4}$/.test(type) ? type : 'a chunk'}`);
    }
    if (type === 'IEND') return;
    yield { type, content: bytes.subarray(at + 8, end - 4) };
    at = end;
  }
}
