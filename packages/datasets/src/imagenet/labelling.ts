/** Labels of a set of images by name, and the small text files that such labels come from. */
import { readFileSync, statSync } from 'node:fs';
import { basename, parse } from 'node:path';
import { UserError } from '@vssm/core';

/** ImageNet-1K. */
export const classCount = 1000;

export interface Labelling {
  /** The file that the labels come from, for messages. */
  readonly path: string;
  /** WordNet ids where they are known, otherwise the numbers 0 … 999. */
  readonly classes: readonly string[];
  /** Label by the image's name without its extension. */
  readonly labels: ReadonlyMap<string, number>;
}

/** The name under which labels know an image. */
export function stem(path: string): string {
  return parse(basename(path)).name;
}

/** The same of a path in a label file, which may have been written on Windows: `val\\a.JPEG`. */
export function writtenStem(path: string): string {
  return stem(path.replaceAll('\\', '/'));
}

/** Several times the longest of them. */
const maxTextBytes = 64 * 1024 ** 2;

/** Reads a text file that is no longer than a label file can be. */
export function readText(path: string): string {
  const stats = statSync(path);
  if (!stats.isFile()) throw new UserError(`${path}: is no file; a text file is needed`);
  const { size } = stats;
  if (size > maxTextBytes) throw new UserError(`${path}: ${size} bytes is too long for a label file`);
  const bytes = readFileSync(path);
  // What PowerShell's `>` wrote until version 6.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8';
  return bytes.toString(encoding);
}

/** The lines of a text that are not blank, trimmed. */
export function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
