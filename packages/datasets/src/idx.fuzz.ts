/** Fuzz target: IDX files, plain and gzipped. */
import { gzipSync } from 'node:zlib';
import { readIdx } from './idx.ts';

function images(count: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(0x0803);
  header.writeUInt32BE(count, 4);
  header.writeUInt32BE(4, 8);
  header.writeUInt32BE(5, 12);
  return Buffer.concat([header, Buffer.from(Array.from({ length: 20 * count }, (_, at) => (37 * at) % 256))]);
}

export const seeds = { plain: images(3), gzipped: gzipSync(images(40)) };

export function read({ path }: { path: string }): void {
  readIdx(path, 3, 64 * 1024 ** 2);
}
