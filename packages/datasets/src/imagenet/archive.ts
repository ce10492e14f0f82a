/**
 * Images read in place from an uncompressed tar archive such as `ILSVRC2012_img_val.tar`: its headers are walked
 * once, skipping the contents, and each image is then one positional read.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '@vssm/core';
import { Header, type HeaderData, Pax } from 'tar';
import { isImageName } from '../folder.ts';
import { nameAsText } from '../names.ts';

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
  refusePacked(file, archive);
  if (archiveBytes < blockBytes) throw damaged(archive, 'no tar header at byte 0');
  const images: ArchiveEntry[] = [];
  let attributes: Attributes = {};
  let at = 0;
  while (at + blockBytes <= archiveBytes) {
    const header = readHeader(file, archive, at, attributes);
    if (header.nullBlock) break;
    const offset = at + blockBytes;
    const isAttributes = header.type === 'NextFileHasLongPath' || header.type === 'ExtendedHeader';
    const { path = '', size = 0 } = isAttributes ? header : { ...header, ...attributes };
    if (!Number.isSafeInteger(size) || size < 0 || offset + size > archiveBytes) {
      throw damaged(archive, `ends at byte ${archiveBytes}, inside ${path}`);
    }
    if (isAttributes) {
      if (size > maxAttributeBytes) throw damaged(archive, `a name of ${size} bytes at byte ${at}`);
      const bytes = Buffer.from(await readAt(file, archive, offset, size));
      attributes = { ...attributes, ...parseAttributes(header.type, bytes) };
    } else if (!speaksOfTheNext(header.type)) {
      attributes = {};
      const name = path.split('/').at(-1) ?? '';
      if (isFile(header.type) && isImageName(name)) images.push({ path, offset, size });
    }
    at = offset + Math.ceil(size / blockBytes) * blockBytes;
  }
  return images;
}

/**
 * Read synchronously: 50,000 turns of the event loop, for 512 bytes each, would take seconds.
 *
 * @param attributes that the entry before gave this one: a header's own name, cut off after 100 bytes, may end in "/",
 *   which without the real name would make a folder of it
 */
function readHeader(file: FileHandle, archive: string, at: number, attributes: Attributes): Header {
  const block = Buffer.alloc(blockBytes);
  readSync(file.fd, block, 0, blockBytes, at);
  const header = headerOf(block, attributes);
  if (header === undefined || (!header.nullBlock && (!header.cksumValid || header.path === undefined))) {
    throw damaged(archive, `no tar header at byte ${at}`);
  }
  if (attributes.path === undefined && header.path?.includes('\ufffd')) {
    // Not UTF-8: the field itself, which ends at its first zero.
    const field = block.subarray(0, 100);
    const end = field.indexOf(0);
    header.path = nameAsText(field.subarray(0, end < 0 ? field.length : end));
  }
  return header;
}

function headerOf(block: Buffer, attributes: Attributes): Header | undefined {
  try {
    return new Header(block, 0, attributes as HeaderData);
  } catch {
    return undefined;
  }
}

/** Says what a file is that holds a tar archive inside, or is another kind of archive. */
function refusePacked(file: FileHandle, archive: string): void {
  const beginning = Buffer.alloc(8);
  readSync(file.fd, beginning, 0, 8, 0);
  const packed = packedAs(beginning, archive);
  if (packed !== undefined) throw new UserError(`archive ${archive}: ${packed}`);
}

function packedAs(beginning: Buffer, archive: string): string | undefined {
  const starts = (...bytes: number[]) => bytes.every((byte, index) => beginning[index] === byte);
  const unpack = (what: string, how: string) =>
    `is compressed with ${what}, and images cannot be read from the middle of it; unpack it once, ${how} -dc '${archive}' > unpacked.tar, ` +
    'and name that file (label files are looked for beside it)';
  if (starts(0x1f, 0x8b)) return unpack('gzip', 'gzip');
  if (starts(0x42, 0x5a, 0x68)) return unpack('bzip2', 'bzip2');
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a)) return unpack('xz', 'xz');
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return unpack('Zstandard', 'zstd');
  if (starts(0x50, 0x4b)) return 'is a zip archive, not a tar; unpack it and name the folder of its images';
  return undefined;
}

function parseAttributes(kind: Header['type'], bytes: Buffer): Attributes {
  if (kind === 'NextFileHasLongPath') {
    const end = bytes.indexOf(0);
    return { path: nameAsText(end < 0 ? bytes : bytes.subarray(0, end)) };
  }
  const { path, size } = Pax.parse(bytes.toString('utf8'));
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size }) };
}

/** Entries between attributes and the file they belong to: a long link, attributes of all that follows. */
function speaksOfTheNext(kind: Header['type']): boolean {
  return kind === 'NextFileHasLongLinkpath' || kind === 'GlobalExtendedHeader';
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
