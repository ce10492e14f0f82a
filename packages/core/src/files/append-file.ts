/**
 * An append-only file of whole lines. Every append is on the disk (fsync) before it returns; an append that
 * fails, for instance because the disk is full, is taken back, so that no finished line is lost or followed by
 * half a one.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeError } from './write-error.ts';

/** Open until `close`; errors of writing are UserErrors that name the file. */
export class AppendFile {
  readonly #file: string;
  readonly #descriptor: number;
  #size: number;

  /** @param size bytes to keep; anything beyond them is a torn line and is cut off */
  constructor(file: string, size: number) {
    this.#file = file;
    const existed = openWritable(file);
    this.#descriptor = existed;
    this.#size = size;
    if (fstatSync(existed).size > size) {
      ftruncateSync(existed, size);
      fsyncSync(existed);
    }
    syncFolder(dirname(file));
  }

  /** @param text whole lines, each ended by a newline */
  append(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#size + written);
      }
      fsyncSync(this.#descriptor);
    } catch (error) {
      this.#takeBack();
      throw writeError(this.#file, error);
    }
    this.#size += bytes.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #takeBack(): void {
    try {
      ftruncateSync(this.#descriptor, this.#size);
    } catch {
      // The next open cuts the torn line off.
    }
  }
}

function openWritable(file: string): number {
  try {
    return openSync(file, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw writeError(file, error);
  }
  try {
    return openSync(file, 'wx+');
  } catch (error) {
    throw writeError(file, error);
  }
}

/** A new file's name is only safe once its folder is; not every system can sync a folder. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Windows refuses; the file itself is synced on every append.
  }
}
