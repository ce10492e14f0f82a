/**
 * Zip archives, read by position. yauzl parses the directory (zip64 included); sizes are checked against the
 * file before anything is read or inflated, and no entry can become larger than it declares.
 */
import { promisify } from 'node:util';
import { crc32, inflateRaw, type ZlibOptions } from 'node:zlib';
import { UserError } from '@vssm/core';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import { type ByteSource, memory, readBytes, slice } from './byte-source.ts';
import { quoted } from './tensor-names.ts';

export interface ZipEntry {
  readonly name: string;
  /** Bytes, inflated. */
  readonly size: number;
  /** Of the inflated bytes; undefined where the writer recorded none (PyTorch can leave it at zero). */
  readonly crc32: number | undefined;
  readonly directoryEntry: Entry;
}

export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Sum of all entries' sizes, inflated. */
  readonly contentBytes: number;
  /** An entry's bytes: read in place when stored; inflated into memory and checked when deflated. */
  open(entry: ZipEntry): Promise<ByteSource>;
  /** A whole entry of at most `limit` bytes, checked against its CRC-32. */
  bytes(entry: ZipEntry, limit: number): Promise<Buffer>;
}

const maxEntries = 200_000;
/** Weights hardly compress. What inflates to more than this was made to fill the memory. */
const maxInflation = 16;
const inflationSlack = 1 << 26;

const inflateAsync: (raw: Buffer, options: ZlibOptions) => Promise<Buffer> = promisify(inflateRaw);

const stored = 0;
const deflated = 8;

/** Reads yauzl's requests from a ByteSource; one outside the file is its error, not an exception. */
class SourceReader extends RandomAccessReader {
  private readonly source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    Promise.resolve()
      .then(() => this.source.read(buffer.subarray(offset, offset + length), position))
      .then(
        () => callback(null),
        (error) => callback(error),
      );
  }
}

export async function openZip(file: ByteSource): Promise<Zip> {
  const zip = await asUserError(
    () => fromRandomAccessReaderPromise(new SourceReader(file), file.size, { autoClose: false }),
    'is not a complete zip archive',
  );
  const entries = await readDirectory(zip);
  const contentBytes = checkSizes(entries.values(), file.size);

  async function open(entry: ZipEntry): Promise<ByteSource> {
    const { directoryEntry } = entry;
    const what = `its entry ${quoted(entry.name)} is damaged`;
    const { fileDataStart } = await asUserError(
      () => zip.readLocalFileHeaderPromise(directoryEntry, { minimal: true }),
      what,
    );
    const raw = slice(file, fileDataStart, directoryEntry.compressedSize);
    if (directoryEntry.compressionMethod === stored) return raw;
    const bytes = await inflate(entry, await readBytes(raw, 0, raw.size));
    checkChecksum(entry, bytes);
    return memory(bytes);
  }

  return {
    entries,
    contentBytes,
    open,
    async bytes(entry, limit) {
      if (entry.size > limit) {
        throw new UserError(
          `its entry ${quoted(entry.name)} has ${entry.size} bytes; more than ${limit} are refused`,
        );
      }
      const bytes = await readBytes(await open(entry), 0, entry.size);
      checkChecksum(entry, bytes);
      return bytes;
    },
  };
}

async function readDirectory(zip: ZipFile): Promise<Map<string, ZipEntry>> {
  if (zip.entryCount > maxEntries) {
    throw new UserError(
      `its zip directory has ${zip.entryCount} entries; more than ${maxEntries} are refused`,
    );
  }
  const entries = new Map<string, ZipEntry>();
  await asUserError(async () => {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      if (entries.has(name)) throw new UserError(`its zip directory names ${quoted(name)} twice`);
      if (entry.isEncrypted()) throw new UserError(`its entry ${quoted(name)} is encrypted`);
      if (entry.compressionMethod !== stored && entry.compressionMethod !== deflated) {
        throw new UserError(
          `its entry ${quoted(name)} has compression method ${entry.compressionMethod}; only stored and deflated are read`,
        );
      }
      entries.set(name, {
        name,
        size: entry.uncompressedSize,
        crc32: entry.crc32 === 0 ? undefined : entry.crc32,
        directoryEntry: entry,
      });
    }
  }, 'its zip directory is damaged');
  return entries;
}

/** The sum of all sizes. Stored entries cannot be larger than the file; deflated ones only so much. */
function checkSizes(entries: Iterable<ZipEntry>, fileSize: number): number {
  let plain = 0;
  let inflated = 0;
  for (const { size, directoryEntry } of entries) {
    if (directoryEntry.compressionMethod === stored) plain += size;
    else inflated += size;
  }
  if (plain > fileSize) {
    throw new UserError(
      `its entries declare ${plain} bytes in a file of ${fileSize}; the file is truncated or corrupt`,
    );
  }
  const limit = maxInflation * fileSize + inflationSlack;
  if (inflated > limit) {
    throw new UserError(
      `its entries inflate to ${inflated} bytes from a file of ${fileSize}; more than ${limit} are refused`,
    );
  }
  return plain + inflated;
}

async function inflate(entry: ZipEntry, raw: Buffer): Promise<Buffer> {
  const what = `its entry ${quoted(entry.name)}`;
  let bytes: Buffer;
  try {
    bytes = await inflateAsync(raw, { maxOutputLength: Math.max(1, entry.size) });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new UserError(
      tooLarge
        ? `${what} inflates beyond its declared ${entry.size} bytes; the file is refused`
        : `${what} cannot be inflated; the file is corrupt`,
      { cause: error },
    );
  }
  if (bytes.byteLength !== entry.size) {
    throw new UserError(
      `${what} declares ${entry.size} bytes and has ${bytes.byteLength}; the file is corrupt`,
    );
  }
  return bytes;
}

function checkChecksum(entry: ZipEntry, bytes: Uint8Array): void {
  if (entry.crc32 !== undefined && crc32(bytes) !== entry.crc32) {
    throw new UserError(`its entry ${quoted(entry.name)} does not match its checksum; the file is corrupt`);
  }
}

/** yauzl's errors are all about the archive. */
async function asUserError<T>(work: () => Promise<T>, what: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${what}: ${(error as Error).message}`, { cause: error });
  }
}
