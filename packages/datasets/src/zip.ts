/**
 * Files read in place from a zip archive such as `val2017.zip` or `ADEChallengeData2016.zip`: its directory is read
 * once, and each file is then one read wherever it lies. Nothing is unpacked, and no name leads out of the archive.
 */
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { UserError } from '@vssm/core';
import type { Entry, ZipFile } from 'yauzl';
import { maxImageBytes } from './dataset.ts';
import { openZipFile } from './zip-file.ts';

export interface ZipEntry {
  /** Path inside the archive. */
  readonly path: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /**
   * The contents, checked against the archive's CRC-32.
   *
   * @throws UserError naming archive and file when they are damaged, or larger than an image may be
   */
  read(): Promise<Uint8Array>;
  /** The contents piece by piece, for files too large to hold. Not checked. */
  stream(): Promise<Readable>;
}

export interface Zip {
  /** By path; folders are left out. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  close(): Promise<void>;
}

/** The largest of the archives that are read here holds 123,000 files. */
const maxEntries = 2_000_000;
/** No byte of deflated data becomes more (https://zlib.net/zlib_tech.html); so no size is believed beyond it. */
const maxExpansion = 1032;

/**
 * Opens an archive and reads its directory.
 *
 * @throws UserError naming the archive: missing, no zip file, cut short or damaged
 */
export async function openZip(path: string): Promise<Zip> {
  let file: ZipFile;
  try {
    file = await openZipFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return { entries: await readDirectory(file, path), close: async () => file.close() };
  } catch (error) {
    file.close();
    throw error instanceof UserError ? error : unreadable(path, error);
  }
}

async function readDirectory(file: ZipFile, archive: string): Promise<ReadonlyMap<string, ZipEntry>> {
  if (file.entryCount > maxEntries) {
    throw new UserError(`archive ${archive}: ${file.entryCount} files are more than ${maxEntries}`);
  }
  const entries = new Map<string, ZipEntry>();
  for await (const entry of file.eachEntry()) {
    const path = entry.fileName;
    if (path.endsWith('/')) continue;
    if (entries.has(path)) {
      throw new UserError(`archive ${archive}: names ${path} twice, and which is meant cannot be told`);
    }
    const size = entry.uncompressedSize;
    entries.set(path, {
      path,
      size,
      read: () => readEntry(file, entry, archive),
      stream: () => openEntry(file, entry, archive),
    });
  }
  return entries;
}

async function openEntry(file: ZipFile, entry: Entry, archive: string): Promise<Readable> {
  if (entry.isEncrypted()) {
    throw new UserError(`archive ${archive}: ${entry.fileName} is encrypted; fetch the archive again`);
  }
  try {
    return await file.openReadStreamPromise(entry);
  } catch (error) {
    throw damaged(archive, entry, error);
  }
}

/** The stream ends in an error when it gives more or fewer bytes than the directory says. */
async function readEntry(file: ZipFile, entry: Entry, archive: string): Promise<Uint8Array> {
  const { uncompressedSize: size, compressedSize: packed } = entry;
  if (size > maxExpansion * packed) {
    throw damaged(archive, entry, new Error(`${packed} bytes cannot become ${size}`));
  }
  if (size > maxImageBytes) {
    throw new UserError(
      `archive ${archive}: ${entry.fileName} of ${size} bytes is more than ${maxImageBytes}; make it smaller`,
    );
  }
  const bytes = new Uint8Array(size);
  let filled = 0;
  try {
    for await (const chunk of await openEntry(file, entry, archive)) {
      bytes.set(chunk as Uint8Array, filled);
      filled += (chunk as Uint8Array).length;
    }
  } catch (error) {
    throw error instanceof UserError ? error : damaged(archive, entry, error);
  }
  if (crc32(bytes) !== entry.crc32) throw damaged(archive, entry, new Error('wrong checksum'));
  return bytes;
}

function unreadable(archive: string, error: unknown): UserError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new UserError(`archive ${archive}: does not exist; check the path`);
  return new UserError(`archive ${archive}: cannot be read (${message}); fetch the archive again`);
}

function damaged(archive: string, entry: Entry, error: unknown): UserError {
  const reason = (error as Error).message;
  return new UserError(
    `archive ${archive}: ${entry.fileName} is damaged (${reason}); fetch the archive again`,
  );
}
