/**
 * Compiled libraries, kept between runs. A file's name is `<key>-<SHA-256 of its content>.node`, where the key holds
 * everything that the content depends on: a file whose content is not what its name says is removed, and several
 * processes may build the same one at once, because each moves a finished file into place.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a library may lie, the preferred folder first: beside the package, else the user's own cache. */
export const cacheFolders: readonly string[] = [
  fileURLToPath(new URL('../../node_modules/.cache/vssm-kernels', import.meta.url)),
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vssm-kernels'),
];

export function hash(...parts: readonly (string | Uint8Array)[]): string {
  const all = createHash('sha256');
  for (const part of parts) all.update(String(part.length)).update(':').update(part);
  return all.digest('hex').slice(0, 32);
}

/** The library of that key, if there is a sound one. */
export async function findCached(key: string, folders = cacheFolders): Promise<string | undefined> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((name) => name.startsWith(`${key}-`))) {
      const file = join(folder, name);
      const content = await readFile(file).catch(() => undefined);
      if (content !== undefined && name === fileName(key, content)) return file;
      await remove(file);
    }
  }
  return undefined;
}

/**
 * Lets `build` write the library to the path it is given, then puts it into the first folder that can be written.
 * Returns its file. Throws what `build` throws, or why no folder can be written.
 */
export async function addToCache(
  key: string,
  build: (output: string) => Promise<void>,
  folders = cacheFolders,
): Promise<string> {
  const { folder, workplace } = await firstWritable(folders);
  try {
    const output = join(workplace, 'kernels.node');
    await build(output);
    const file = join(folder, fileName(key, await readFile(output)));
    await rename(output, file);
    return file;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

/** A file that cannot be removed stays; nobody will load it. */
export async function remove(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => {});
}

function fileName(key: string, content: Uint8Array): string {
  return `${key}-${hash(content)}.node`;
}

async function firstWritable(folders: readonly string[]): Promise<{ folder: string; workplace: string }> {
  const reasons: string[] = [];
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return { folder, workplace: await mkdtemp(join(folder, 'build-')) };
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new Error(`no folder for the compiled kernels can be written: ${reasons.join('; ')}`);
}
