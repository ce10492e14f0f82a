/** Fuzz target: zip archives, every file in them read in both ways. */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { UserError } from '@vssm/core';
import { zipOf } from './test-support/zip.ts';
import { openZip } from './zip.ts';

const files = { 'val2017/a.jpg': 'first', 'val2017/b.jpg': 'x'.repeat(900), 'readme.txt': '' };

export const seeds = {
  stored: zipOf(files),
  deflated: zipOf(files, { deflated: true }),
  zip64: zipOf(files, { deflated: true, zip64: true }),
};

export const words = [
  'PK\x01\x02',
  'PK\x03\x04',
  'PK\x05\x06',
  'PK\x06\x06',
  'PK\x06\x07',
  '\x01\x00\x10\x00',
  '../',
  '\xff\xff\xff\xff',
];

/** Every file of the directory that lies in the archive gets the size and the CRC-32 that its contents have. */
export function fix(bytes: Buffer): Buffer {
  const fixed = Buffer.from(bytes);
  const entry = Buffer.from('PK\x01\x02', 'latin1');
  for (let at = fixed.indexOf(entry); at >= 0 && at + 46 <= fixed.length; at = fixed.indexOf(entry, at + 4)) {
    const local = fixed.readUInt32LE(at + 42);
    if (local + 30 > fixed.length) continue;
    const start = local + 30 + fixed.readUInt16LE(local + 26) + fixed.readUInt16LE(local + 28);
    const packed = fixed.subarray(start, start + fixed.readUInt32LE(at + 20));
    const contents = fixed.readUInt16LE(at + 10) === 8 ? inflated(packed) : packed;
    fixed.writeUInt32LE(crc32(contents), at + 16);
    fixed.writeUInt32LE(contents.length, at + 24);
  }
  return fixed;
}

function inflated(packed: Buffer): Buffer {
  try {
    return inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1e6 });
  } catch {
    return Buffer.alloc(0);
  }
}

export async function read({ path }: { path: string }): Promise<void> {
  const zip = await openZip(path);
  try {
    for (const entry of zip.entries.values()) {
      await entry.read();
      for await (const chunk of await entry.stream()) if (chunk.length > 1e6) throw new UserError('too long');
    }
  } finally {
    await zip.close();
  }
}
