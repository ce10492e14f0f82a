/**
 * Files and folders that appear whole or not at all: they are written beside their place under another name, brought
 * to the disk, and renamed. On any error nothing is left behind, and what was there before is as it was.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { writeError } from './write-error.ts';

/** A file that is written piece by piece and takes its name with `finish`. */
class WholeFile {
  readonly #path: string;
  readonly #draft: string;
  readonly #descriptor: number;

  /** @throws UserError where nothing can be written there */
  constructor(path: string) {
    this.#path = path;
    this.#draft = draftOf(path);
    try {
      this.#descriptor = openSync(this.#draft, 'wx');
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** Leaves nothing behind where it fails. */
  write(piece: string | Uint8Array): void {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
    try {
      for (let done = 0; done < bytes.byteLength; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.byteLength - done);
      }
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }

  finish(): void {
    try {
      fsyncSync(this.#descriptor);
      closeSync(this.#descriptor);
      renameSync(this.#draft, this.#path);
    } catch (error) {
      rmSync(this.#draft, { force: true });
      throw writeError(this.#path, error);
    }
  }

  /** Instead of `finish`: the file is given up. */
  abandon(): void {
    closeSync(this.#descriptor);
    rmSync(this.#draft, { force: true });
  }
}

/** @param content the whole of it, or a function that writes it piece by piece */
export function writeWhole(
  path: string,
  content: string | Uint8Array | ((write: (piece: string | Uint8Array) => void) => void),
): void {
  const file = new WholeFile(path);
  try {
    if (typeof content === 'function') content((piece) => file.write(piece));
    else file.write(content);
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.finish();
}

/**
 * @param fill writes into the folder that it is given
 * @throws UserError where `folder` cannot be written
 */
export async function writeWholeFolder<T>(
  folder: string,
  fill: (draft: string) => Promise<T> | T,
): Promise<T> {
  const draft = draftOf(folder);
  try {
    mkdirSync(draft);
    const result = await fill(draft);
    renameSync(draft, folder);
    return result;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw writeError(folder, error);
  }
}

/**
 * Whether a file can be written there, found out before anything is computed.
 *
 * @throws UserError where it cannot
 */
export function checkWritable(path: string): void {
  new WholeFile(path).abandon();
}

function draftOf(path: string): string {
  const whole = resolve(path);
  return join(dirname(whole), `.${basename(whole)}.${randomUUID()}.partial`);
}
