/**
 * A folder or a zip archive seen as one thing: files by their paths below a root, in either. Names that come from a
 * stranger's annotation file are looked up, never followed out of the root.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import type { ImageFile } from './dataset.ts';
import { fileOnDisk, isFile, isFolder } from './folder.ts';
import { type DiskPath, entryPath, nameAsText } from './names.ts';
import { openZip } from './zip.ts';

export interface FileSource {
  /** The folder or archive, for messages. */
  readonly path: string;
  /** Names of the files directly in a folder below the root, sorted; empty when there is no such folder. */
  list(folder: string): readonly string[];
  /** The file, or undefined when there is none. */
  find(path: string): ImageFile | undefined;
  close(): Promise<void>;
}

/** @throws UserError when it is neither a folder nor a zip archive that can be read */
export async function openFileSource(path: string): Promise<FileSource> {
  if (isFolder(path)) return folderSource(path);
  if (!existsSync(path)) throw new UserError(`${path}: does not exist; check the path`);
  return zipSource(path);
}

function folderSource(root: string): FileSource {
  /** Files whose names text cannot hold, by the names that `list` gave for them. */
  const unwritable = new Map<string, DiskPath>();
  return {
    path: root,
    list: (folder) => {
      const at = join(root, folder);
      if (!isFolder(at)) return [];
      const names = readdirSync(at, { encoding: 'buffer' }).map((bytes) => {
        const name = nameAsText(bytes);
        const path = entryPath(at, bytes);
        if (typeof path !== 'string') unwritable.set(`${folder}/${name}`, path);
        return name;
      });
      return names.sort();
    },
    find: (path) => {
      const at = unwritable.get(path) ?? (staysInside(path) ? join(root, path) : undefined);
      return at !== undefined && isFile(at) ? fileOnDisk(at, path, -1) : undefined;
    },
    close: async () => {},
  };
}

async function zipSource(archive: string): Promise<FileSource> {
  const { entries, close } = await openZip(archive);
  const folders = new Map<string, string[]>();
  for (const path of entries.keys()) {
    const cut = path.lastIndexOf('/');
    const folder = path.slice(0, Math.max(cut, 0));
    const names = folders.get(folder);
    if (names === undefined) folders.set(folder, [path.slice(cut + 1)]);
    else names.push(path.slice(cut + 1));
  }
  for (const names of folders.values()) names.sort();
  return {
    path: archive,
    list: (folder) => folders.get(folder) ?? [],
    find: (path) => {
      const entry = entries.get(path);
      if (entry === undefined) return undefined;
      const { size, read } = entry;
      return { id: path, label: -1, path: `${archive}:${path}`, size, read };
    },
    close,
  };
}

function staysInside(path: string): boolean {
  return !path.startsWith('/') && !path.includes('\\') && !path.split('/').includes('..');
}
