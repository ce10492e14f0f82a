/**
 * An archive's bytes for yauzl. Its own reader hands the positions that an archive names to `fs.read` as they are,
 * which throws where nobody can catch it when one is beyond 2^53; here, what lies outside the file is an error like
 * any other.
 */
import { close, closeSync, fstatSync, openSync, read } from 'node:fs';
import { Readable } from 'node:stream';
import { fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';

/** Bytes read at a time. */
const chunkBytes = 256 * 1024;

type Done = (error: Error | null) => void;

class ArchiveBytes extends RandomAccessReader {
  readonly #file: number;
  readonly #size: number;

  constructor(file: number, size: number) {
    super();
    this.#file = file;
    this.#size = size;
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, done: Done): void {
    if (!this.#holds(position, position + length)) {
      setImmediate(done, new Error(`byte ${position + length} of ${this.#size}`));
      return;
    }
    read(this.#file, buffer, offset, length, position, (error, bytes) => {
      done(error ?? (bytes < length ? new Error(`ends before byte ${position + length}`) : null));
    });
  }

  override _readStreamForRange(start: number, end: number): Readable {
    // A file stream of this range would close the file with itself.
    return Readable.from(this.#chunks(start, end), { objectMode: false });
  }

  override close(done: Done): void {
    close(this.#file, (error) => done(error ?? null));
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; ) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - at));
      await new Promise<void>((resolve, reject) => {
        this.read(chunk, 0, chunk.length, at, (error) => (error === null ? resolve() : reject(error)));
      });
      yield chunk;
      at += chunk.length;
    }
  }

  #holds(start: number, end: number): boolean {
    return start >= 0 && start <= end && end <= this.#size;
  }
}

/** Opens an archive; rejects with what `fs` or yauzl say. */
export async function openZipFile(path: string): Promise<ZipFile> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    return await fromRandomAccessReaderPromise(new ArchiveBytes(file, size), size, { autoClose: false });
  } catch (error) {
    closeSync(file);
    throw error;
  }
}
