/** Fuzz target: label maps as PNG files, grey of 8 and 16 bits and with palettes, every row filter among them. */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { decodeLabelMap } from './label-map.ts';
import { labelPng } from './test-support/label-png.ts';

const [height, width] = [9, 13];
const numbers = (below: number) => Array.from({ length: height * width }, (_, at) => (at * 31) % below);

export const seeds = {
  grey: labelPng(numbers(151), height, width, { filter: 4 }),
  wide: labelPng(numbers(60_000), height, width, { depth: 16, filter: 3 }),
  indexed: labelPng(numbers(151), height, width, { colour: 3, filter: 2 }),
  packed: labelPng(numbers(4), height, width, { colour: 3, depth: 2, filter: 1 }),
};

export const words = ['IHDR', 'IDAT', 'IEND', 'PLTE', 'tRNS', '\0\0\0\0', '\x7f\xff\xff\xff', '\0\0\0\x0d'];

/** Every chunk that ends within the file gets the CRC-32 that its bytes have, and image data its Adler-32 before. */
export function fix(bytes: Buffer): Buffer {
  const fixed = Buffer.from(bytes);
  for (let at = 8; at + 12 <= fixed.length; ) {
    const end = at + 12 + fixed.readUInt32BE(at);
    if (end > fixed.length) break;
    if (fixed.toString('latin1', at + 4, at + 8) === 'IDAT') fixZlib(fixed.subarray(at + 8, end - 4));
    fixed.writeUInt32BE(crc32(fixed.subarray(at + 4, end - 4)), end - 4);
    at = end;
  }
  return fixed;
}

function fixZlib(content: Buffer): void {
  if (content.length < 6) return;
  try {
    const unpacked = inflateRawSync(content.subarray(2, -4), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 1e6,
    });
    content.writeUInt32BE(adler32(unpacked), content.length - 4);
  } catch {
    // Damage that no checksum hides.
  }
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}

export function read({ bytes, path }: { bytes: Buffer; path: string }): void {
  decodeLabelMap(bytes, path);
}
