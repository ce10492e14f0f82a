/**
 * Images read in place from an uncompressed tar archive such as `ILSVRC2012_img_val.tar`: its headers are walked
 * once, skipping the contents, and each image is then one positional read.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '@vssm/core';
import { Header, Pax } from 'tar';
import { isImageName } from '../image-files.ts';

export interface ArchiveEntry {
  /** Path inside the archive. */
  readonly path: string;
  /** Where the contents begin, bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

export interface Archive {
  /** The images in it, in the order of the archive. */
  readonly images: readonly ArchiveEntry[];
  read(entry: ArchiveEntry): Promise<Uint8Array>;
  close(): Promise<void>;
}

const blockBytes = 512;
/** Long names and attributes of one entry; a real one takes a few hundred bytes. */
const maxAttributeBytes = 1024 ** 2;

/**
 * Opens and indexes an archive.
 *
 * @throws UserError naming the archive: missing, not a tar file, or cut short
 */
export async function openArchive(path: string): Promise<Archive> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    throw new UserError(`archive ${path}: cannot be opened (${(error as Error).message})`);
  }
  try {
    const images = await indexImages(file, path);
    return {
      images,
      read: ({ offset, size }) => readAt(file, path, offset, size),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What an entry of its own may say about the entry after it (GNU `L`, pax `x`). */
interface Attributes {
  readonly path?: string;
  readonly size?: number;
}

async function indexImages(file: FileHandle, archive: string): Promise<readonly ArchiveEntry[]> {
  const { size: archiveBytes } = await file.stat();
  const images: ArchiveEntry[] = [];
  let attributes: Attributes = {};
  let at = 0;
  while (at + blockBytes <= archiveBytes) {
    const header = readHeader(file, archive, at);
    if (header.nullBlock) break;
    const offset = at + blockBytes;
    const isAttributes = header.type === 'NextFileHasLongPath' || header.type === 'ExtendedHeader';
    const { path = '', size = 0 } = isAttributes ? header : { ...header, ...attributes };
    if (!Number.isSafeInteger(size) || size < 0 || offset + size > archiveBytes) {
      throw damaged(archive, `ends at byte ${archiveBytes}, inside ${path}`);
    }
    if (isAttributes) {
      if (size > maxAttributeBytes) throw damaged(archive, `a name of ${size} bytes at byte ${at}`);
      const text = Buffer.from(await readAt(file, archive, offset, size)).toString('utf8');
      attributes = { ...attributes, ...parseAttributes(header.type, text) };
    } else {
      attributes = {};
      const name = path.split('/').at(-1) ?? '';
      if (isFile(header.type) && isImageName(name)) images.push({ path, offset, size });
    }
    at = offset + Math.ceil(size / blockBytes) * blockBytes;
  }
  return images;
}

/** Read synchronously: 50,000 turns of the event loop, for 512 bytes each, would take seconds. */
function readHeader(file: FileHandle, archive: string, at: number): Header {
  const block = Buffer.alloc(blockBytes);
  readSync(file.fd, block, 0, blockBytes, at);
  let header: Header;
  try {
    header = new Header(block);
  } catch {
    throw damaged(archive, `no tar header at byte ${at}`);
  }
  if (!header.nullBlock && (!header.cksumValid || header.path === undefined)) {
    throw damaged(archive, `no tar header at byte ${at}`);
  }
  return header;
}

function parseAttributes(kind: Header['type'], text: string): Attributes {
  if (kind === 'NextFileHasLongPath') return { path: text.replace(/\0.*$/s, '') };
  const { path, size } = Pax.parse(text);
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size }) };
}

function isFile(kind: Header['type']): boolean {
  return kind === 'File' || kind === 'OldFile' || kind === 'ContiguousFile';
}

function damaged(archive: string, what: string): UserError {
  return new UserError(`archive ${archive}: ${what}; fetch the archive again`);
}

async function readAt(file: FileHandle, archive: string, offset: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, offset + filled);
    if (bytesRead === 0) throw damaged(archive, `ends before byte ${offset + size}`);
    filled += bytesRead;
  }
  return bytes;
}
