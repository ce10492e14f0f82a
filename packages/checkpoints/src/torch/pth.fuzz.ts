/** Fuzz target: whole `.pth` files, the zip format and the legacy one. */
import { readFileSync } from 'node:fs';
import { readCheckpoint } from '../checkpoint.ts';
import { testdata } from '../test-support/test-data.ts';

export const seeds = {
  zip: readFileSync(testdata('layouts-zip.pth')),
  'zip with prefixes': readFileSync(testdata('prefixed-zip.pth')),
  legacy: readFileSync(testdata('layouts-legacy.pth')),
};

export const words = ['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07', '\x80\x02', '.'];

export async function read({ path }: { path: string }): Promise<void> {
  await readCheckpoint(path);
}
