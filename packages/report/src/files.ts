/** The files of a report while it is being made, and how they replace an older report at once. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '@vssm/core';

/** In every report; a folder without it is not ours to replace. */
export const markerFile = 'report.json';

export class FileSet {
  readonly #files = new Map<string, string | Uint8Array>();
  readonly #ids = new Set<string>();

  /** @param path inside the report, with forward slashes */
  add(path: string, content: string | Uint8Array): void {
    if (this.#files.has(path)) throw new Error(`report: file ${path} written twice`);
    this.#files.set(path, content);
  }

  /** An id that nothing else of the report has: the given one, or the first free of id-2, id-3, … */
  uniqueId(id: string): string {
    let free = id;
    for (let number = 2; this.#ids.has(free); number++) free = `${id}-${number}`;
    this.#ids.add(free);
    return free;
  }

  get paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  content(path: string): string | Uint8Array | undefined {
    return this.#files.get(path);
  }

  /**
   * Writes everything beside `folder`, then swaps: a reader sees the old report or the new one.
   *
   * @throws UserError when `folder` holds something that is not a report, or cannot be written
   */
  writeTo(folder: string): void {
    const target = resolve(folder);
    checkReplaceable(target);
    const draft = `${target}.new-${process.pid}`;
    const old = `${target}.old-${process.pid}`;
    try {
      rmSync(draft, { recursive: true, force: true });
      for (const [path, content] of this.#files) {
        const file = join(draft, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
      if (existsSync(target)) renameSync(target, old);
      renameSync(draft, target);
    } catch (error) {
      if (!existsSync(target) && existsSync(old)) renameSync(old, target);
      throw new UserError(`report ${folder}: cannot be written, ${(error as Error).message}`);
    } finally {
      rmSync(draft, { recursive: true, force: true });
      if (existsSync(target)) rmSync(old, { recursive: true, force: true });
    }
  }
}

function checkReplaceable(target: string): void {
  if (!existsSync(target)) return;
  let names: string[];
  try {
    names = readdirSync(target);
  } catch (error) {
    throw new UserError(`report ${target}: not a folder that can be read, ${(error as Error).message}`);
  }
  if (names.length > 0 && !names.includes(markerFile)) {
    throw new UserError(`report ${target}: holds other files; choose an empty or new folder with --out`);
  }
}
