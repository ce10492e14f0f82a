/**
 * Bytes at positions: a file, a part of one, or memory. Every read is checked against the size first, so that
 * a position out of a hostile file is an error and never a short or a wild read.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '@vssm/core';

export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** Fills `target` from `position` on; a UserError when the source ends before that. */
  read(target: Uint8Array, position: number): Promise<void>;
}

/** `size` bytes of `source` from `start` on, as a source of their own. */
export function slice(source: ByteSource, start: number, size: number): ByteSource {
  checkRange(source, start, size);
  return {
    size,
    read(target, position) {
      checkRange(this, position, target.byteLength);
      return source.read(target, start + position);
    },
  };
}

/** Bytes that are in memory already. */
export function memory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    async read(target, position) {
      checkRange(this, position, target.byteLength);
      target.set(bytes.subarray(position, position + target.byteLength));
    },
  };
}

/** A new buffer with `size` bytes from `start` on. */
export async function readBytes(source: ByteSource, start: number, size: number): Promise<Buffer> {
  checkRange(source, start, size);
  const bytes = Buffer.allocUnsafeSlow(size);
  await source.read(bytes, start);
  return bytes;
}

function checkRange(source: ByteSource, start: number, size: number): void {
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(size) && start >= 0 && size >= 0)) {
    throw new UserError(`asks for bytes ${start} to ${start + size}; the file is corrupt`);
  }
  if (start + size > source.size) {
    throw new UserError(
      `asks for bytes ${start} to ${start + size} where only ${source.size} are there; the file is truncated or corrupt`,
    );
  }
}

/**
 * Opens a file, runs `work` on it and closes it again. A UserError thrown inside, and every error of the file
 * system, comes out as a UserError that begins with `what` and the path.
 */
export async function withFile<T>(
  what: string,
  path: string,
  work: (file: ByteSource) => Promise<T>,
): Promise<T> {
  return naming(what, path, async () => {
    const handle = await open(path, 'r');
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new UserError('is not a file');
      return await work(fileSource(handle, stats.size));
    } finally {
      await handle.close();
    }
  });
}

function fileSource(handle: FileHandle, size: number): ByteSource {
  return {
    size,
    async read(target, position) {
      checkRange(this, position, target.byteLength);
      let done = 0;
      while (done < target.byteLength) {
        const { bytesRead } = await handle.read(target, done, target.byteLength - done, position + done);
        if (bytesRead === 0) throw new UserError('became shorter while it was read');
        done += bytesRead;
      }
    },
  };
}

/** Puts `what` and the path before the message of a UserError or of a file-system error; passes the rest on. */
export async function naming<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError)
      throw new UserError(`${what} ${path}: ${error.message}`, { cause: error });
    const code = (error as NodeJS.ErrnoException)?.code;
    if (error instanceof Error && typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
      throw new UserError(`${what} ${path}: ${systemProblem(code, error.message)}`, { cause: error });
    }
    throw error;
  }
}

function systemProblem(code: string, message: string): string {
  switch (code) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'is a folder, not a file';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    default:
      return message;
  }
}

/** SHA-256 of a file as 64 hexadecimal digits, read in pieces. */
export async function sha256File(path: string): Promise<string> {
  return withFile('file', path, sha256);
}

export async function sha256(source: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(Math.min(1 << 20, source.size));
  for (let position = 0; position < source.size; position += buffer.byteLength) {
    const piece = buffer.subarray(0, Math.min(buffer.byteLength, source.size - position));
    await source.read(piece, position);
    hash.update(piece);
  }
  return hash.digest('hex');
}
