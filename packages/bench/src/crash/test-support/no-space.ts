/**
 * Loaded before a run: the disk takes VSSM_TEST_SPACE more bytes, then it is full; 'read-only' stands for a disk
 * that cannot be written at all.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const space = process.env.VSSM_TEST_SPACE ?? '0';
let left = Number(space);

function fail(code: string, call: string): never {
  throw Object.assign(new Error(`${code}: injected, ${call}`), { code });
}

const { writeSync, openSync, mkdirSync, writeFileSync } = fs;
if (space === 'read-only') {
  fs.mkdirSync = (() => fail('EROFS', 'mkdir')) as unknown as typeof mkdirSync;
  fs.writeFileSync = (() => fail('EROFS', 'open')) as typeof writeFileSync;
  fs.openSync = ((path, flags, mode) => {
    if (flags !== 'r') fail('EROFS', 'open');
    return openSync(path, flags, mode);
  }) as typeof openSync;
} else {
  fs.writeSync = ((descriptor: number, bytes: Buffer, from: number, length: number, place: number) => {
    if (descriptor <= 2) return writeSync(descriptor, bytes, from, length, place);
    if (left === 0) fail('ENOSPC', 'write');
    const written = writeSync(descriptor, bytes, from, Math.min(length, left), place);
    left -= written;
    return written;
  }) as typeof writeSync;
}
syncBuiltinESMExports();
