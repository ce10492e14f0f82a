/** The entries of a zip file, taken apart to be put together again. */
import { readFileSync } from 'node:fs';
import { memory } from '../byte-source.ts';
import { openZip } from '../zip.ts';
import type { ZipContent } from './zip-writer.ts';

export async function zipParts(file: string | URL): Promise<ZipContent[]> {
  const zip = await openZip(memory(readFileSync(file)));
  return Promise.all(
    [...zip.entries.values()].map(async (entry) => ({
      name: entry.name,
      data: await zip.bytes(entry, 1 << 26),
    })),
  );
}
