/** Fuzz target: MAT-files, as ILSVRC2012's meta.mat. */
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { readMatStruct } from './mat-file.ts';

const compressed = readFileSync(new URL('../../testdata/meta.mat', import.meta.url));

/** The header of 128 bytes, then every variable without its compressed wrapper. */
function inflated(): Buffer {
  const parts = [compressed.subarray(0, 128)];
  for (let at = 128; at < compressed.length; ) {
    const length = compressed.readUInt32LE(at + 4);
    parts.push(inflateSync(compressed.subarray(at + 8, at + 8 + length)));
    at += 8 + length;
  }
  return Buffer.concat(parts);
}

export const seeds = { compressed, plain: inflated() };

export function read({ bytes, path }: { bytes: Buffer; path: string }): void {
  readMatStruct(bytes, 'synsets', path);
}
