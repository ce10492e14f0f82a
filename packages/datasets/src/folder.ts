/** Folders and files on disk, as the data sets see them. */
import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { UserError } from '@vssm/core';
import type { ImageFile } from './dataset.ts';
import { type DiskPath, entryPath, nameAsText, pathAsText } from './names.ts';

const imageName = /\.(jpe?g|png|webp)$/i;

/** Whether a name is an image's; a hidden one (macOS leaves `._x.JPEG` beside `x.JPEG`) is not. */
export function isImageName(name: string): boolean {
  return imageName.test(name) && !name.startsWith('.');
}

export interface FolderEntry {
  readonly name: string;
  readonly path: DiskPath;
}

/** What lies directly in a folder, each list sorted; hidden entries are left out, links are followed. */
export interface Listing {
  readonly folders: readonly FolderEntry[];
  readonly images: readonly FolderEntry[];
}

/**
 * Lists a folder.
 *
 * @param what what the user knows the folder as, for the message
 * @throws UserError when it is not a folder or may not be read
 */
export function listFolder(dir: DiskPath, what: string): Listing {
  const folders: FolderEntry[] = [];
  const images: FolderEntry[] = [];
  for (const entry of entriesOf(dir, what)) {
    const name = nameAsText(entry.name);
    if (name.startsWith('.')) continue;
    const path = entryPath(dir, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path))) folders.push({ name, path });
    else if (isImageName(name)) images.push({ name, path });
  }
  return { folders: folders.sort(byName), images: images.sort(byName) };
}

/** By code unit: the same on every machine. */
function byName(a: FolderEntry, b: FolderEntry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function entriesOf(dir: DiskPath, what: string): Dirent<Buffer>[] {
  try {
    return readdirSync(dir, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const place = `${what} ${pathAsText(dir)}`;
    if (code === 'ENOENT') throw new UserError(`${place}: does not exist; check the path`);
    if (code === 'ENOTDIR') throw new UserError(`${place}: is not a folder; check the path`);
    throw new UserError(`${place}: cannot be listed (${message})`);
  }
}

/** Undefined where nothing is, and where a link leads in a circle or to what may not be looked at: reading says why. */
function statsOf(path: DiskPath): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether a path leads to a folder, through links too. */
export function isFolder(path: DiskPath): boolean {
  return statsOf(path)?.isDirectory() ?? false;
}

/** Whether a path leads to a file, through links too. */
export function isFile(path: DiskPath): boolean {
  return statsOf(path)?.isFile() ?? false;
}

/** A file on disk as an image of a data set; if it cannot be read, that shows when it is. */
export function fileOnDisk(path: DiskPath, id: string, label: number): ImageFile {
  const stats = statsOf(path);
  const shown = pathAsText(path);
  const read = async () => {
    if (stats?.isFile() === false) throw new UserError(`image ${shown}: is not a file`);
    return readFile(path);
  };
  return { id, label, path: shown, size: stats?.size ?? 0, read };
}
