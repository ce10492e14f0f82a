/**
 * The one resume store: what was answered for each image of an evaluation, one line an image, in an append-only file
 * that begins with a header line. Answers may come in any order, and a later line of an image stands for an earlier
 * one, so that a run goes on where it was cut off and an image that had failed is tried again. A finished file has the
 * lines in the order of the evaluation: its bytes do not tell how often it was cut off, nor by how many at a time.
 *
 * Only the places of lines are kept in memory; lines are read again when they are asked for.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { UserError } from '@vssm/core';
import { AppendFile, writeWhole } from '@vssm/core/files';

export interface AnswerLine {
  /** Of the image in its data set. */
  readonly index: number;
}

/** How lines of one kind are written. */
export interface LineFormat<Line extends AnswerLine> {
  readonly header: string;
  /** Without the newline. */
  format(line: Line): string;
  /** @throws UserError that begins with `where` for a line that is none */
  parse(text: string, where: string): Line;
  /** Whether the line says why an image has no answer. */
  failed(line: Line): boolean;
}

/** As records describe a finished file. */
export interface DescribedAnswers {
  readonly file: string;
  readonly sha256: string;
  readonly lines: number;
}

interface Place {
  readonly start: number;
  /** Bytes, the newline included. */
  readonly length: number;
  readonly failed: boolean;
}

/** Longest line and file that are read, bytes: a hundred masks of a large photograph take a few hundred kilobytes. */
const answerLimits = { line: 64 * 2 ** 20, file: 16 * 2 ** 30 };

interface Scanned {
  readonly places: Map<number, Place>;
  readonly completeBytes: number;
  readonly size: number;
  /** False where an image stands twice. */
  readonly once: boolean;
}

export class AnswerFile<Line extends AnswerLine> {
  readonly path: string;
  readonly #format: LineFormat<Line>;
  readonly #places: Map<number, Place>;
  readonly #output: AppendFile;
  readonly #descriptor: number;
  #size: number;
  #once: boolean;
  /** Bytes of a line cut short by a kill, removed on opening. */
  readonly tornBytes: number;

  /**
   * Opens or makes the file. A last line that is none, as a power failure can leave one, counts as cut short.
   *
   * @throws UserError naming file and line when what is there is not such a file, or the disk refuses
   */
  constructor(path: string, format: LineFormat<Line>) {
    mkdirSync(dirname(path), { recursive: true });
    const found: Scanned = existsSync(path)
      ? scan(path, format, true)
      : { places: new Map(), completeBytes: 0, size: 0, once: true };
    this.path = path;
    this.#format = format;
    this.#places = found.places;
    this.#size = found.completeBytes;
    this.#once = found.once;
    this.tornBytes = found.size - found.completeBytes;
    this.#output = new AppendFile(path, found.completeBytes);
    if (found.completeBytes === 0) {
      this.#output.append(`${format.header}\n`);
      this.#size = Buffer.byteLength(format.header) + 1;
    }
    this.#descriptor = openSync(path, 'r');
  }

  /** Images with a line, in the order of the file. */
  get indices(): readonly number[] {
    return [...this.#places.keys()];
  }

  get lines(): readonly Line[] {
    return this.indices.map((index) => this.read(index));
  }

  has(index: number): boolean {
    return this.#places.has(index);
  }

  /** Whether the image has a line that is no failure. */
  answered(index: number): boolean {
    return this.#places.get(index)?.failed === false;
  }

  /** @throws RangeError for an image without a line */
  read(index: number): Line {
    const place = this.#places.get(index);
    if (place === undefined) throw new RangeError(`no line for image ${index}`);
    return this.#format.parse(textAt(this.#descriptor, this.path, place), `${this.path}: image ${index}`);
  }

  /** Whole lines, on the disk when this returns. An image's line that is there already is not written again. */
  append(lines: readonly Line[]): void {
    const added = lines.flatMap((line) => {
      const text = this.#format.format(line);
      const there = this.#places.get(line.index);
      if (there !== undefined && textAt(this.#descriptor, this.path, there) === text) return [];
      // What is read again later is what was meant.
      const failed = this.#format.failed(this.#format.parse(text, `${this.path}: new line`));
      return [{ index: line.index, text: `${text}\n`, failed }];
    });
    if (added.length === 0) return;
    this.#output.append(added.map(({ text }) => text).join(''));
    for (const { index, text, failed } of added) {
      const length = Buffer.byteLength(text);
      if (this.#places.has(index)) this.#once = false;
      this.#places.set(index, { start: this.#size, length, failed });
      this.#size += length;
    }
  }

  /**
   * Closes the file, with its lines in the order of the evaluation, and describes it as a record's `predictions`.
   *
   * @param order every image with a line. Default: as they are
   */
  finish(order: readonly number[] = this.indices): DescribedAnswers {
    if (order.length !== this.#places.size) {
      throw new Error(`${this.path}: ${this.#places.size} lines, ${order.length} images`);
    }
    const inOrder = this.#once && this.indices.every((index, at) => index === order[at]);
    try {
      if (!inOrder) {
        const places = order.map((index) => this.#places.get(index)!);
        writeWhole(this.path, (write) => {
          write(`${this.#format.header}\n`);
          for (const place of places) write(`${textAt(this.#descriptor, this.path, place)}\n`);
        });
      }
    } finally {
      this.close();
    }
    return { file: `predictions/${basename(this.path)}`, sha256: hashOf(this.path), lines: order.length };
  }

  /** Closes the file, to be gone on with later. */
  close(): void {
    this.#output.close();
    closeSync(this.#descriptor);
  }
}

/**
 * Every line in the order of the file; whole ones only.
 *
 * @throws UserError naming file and line
 */
export function* readAnswers<Line extends AnswerLine>(
  path: string,
  format: LineFormat<Line>,
): Generator<Line> {
  let number = 0;
  for (const { text } of wholeLines(path)) {
    number++;
    if (number === 1) checkHeader(text, format, path);
    else yield format.parse(text, `${path} line ${number}`);
  }
}

/** A finished file, line by line in any order. */
export class AnswerReader<Line extends AnswerLine> {
  readonly #path: string;
  readonly #format: LineFormat<Line>;
  readonly #places: ReadonlyMap<number, Place>;
  readonly #descriptor: number;

  /** @throws UserError naming file and line when what is there is not such a file */
  constructor(path: string, format: LineFormat<Line>) {
    this.#path = path;
    this.#format = format;
    this.#places = scan(path, format, false).places;
    this.#descriptor = openSync(path, 'r');
  }

  /** In the order of the file. */
  get indices(): readonly number[] {
    return [...this.#places.keys()];
  }

  read(index: number): Line {
    return this.#format.parse(this.text(index), `${this.#path}: image ${index}`);
  }

  /** As it stands in the file, without its newline. */
  text(index: number): string {
    return textAt(this.#descriptor, this.#path, this.#places.get(index)!);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Images of a file that have a line, also while it is being written. */
export function countAnswers<Line extends AnswerLine>(path: string, format: LineFormat<Line>): number {
  return scan(path, format, true).places.size;
}

/** SHA-256 of a file of any length. */
export function hashOf(path: string): string {
  const hash = createHash('sha256');
  for (const piece of pieces(path)) hash.update(piece);
  return hash.digest('hex');
}

function scan<Line extends AnswerLine>(path: string, format: LineFormat<Line>, damagedEnd: boolean): Scanned {
  const places = new Map<number, Place>();
  let once = true;
  let number = 0;
  let start = 0;
  const size = sizeOf(path);
  for (const { text, length } of wholeLines(path)) {
    number++;
    if (number === 1) checkHeader(text, format, path);
    else {
      const line = parseUnlessLast(
        text,
        `${path} line ${number}`,
        format,
        damagedEnd && start + length === size,
      );
      if (line === undefined) break;
      if (places.delete(line.index)) once = false;
      places.set(line.index, { start, length, failed: format.failed(line) });
    }
    start += length;
  }
  return { places, completeBytes: start, size, once };
}

function parseUnlessLast<Line extends AnswerLine>(
  text: string,
  where: string,
  format: LineFormat<Line>,
  last: boolean,
): Line | undefined {
  try {
    return format.parse(text, where);
  } catch (error) {
    if (last && error instanceof UserError) return undefined;
    throw error;
  }
}

function checkHeader<Line extends AnswerLine>(
  text: string,
  { header }: LineFormat<Line>,
  path: string,
): void {
  if (text !== header) {
    throw new UserError(
      `${path} line 1: expected "${header.slice(0, 200)}"; delete the file or choose another folder`,
    );
  }
}

/** Lines without their newline, and their bytes with it; what follows the last newline is left out. */
function* wholeLines(path: string): Generator<{ readonly text: string; readonly length: number }> {
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of pieces(path)) {
    let bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      yield { text: bytes.toString('utf8', 0, end), length: end + 1 };
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > answerLimits.line) {
      throw new UserError(`${path}: has a line of more than ${answerLimits.line} bytes`);
    }
    rest = bytes;
  }
}

function* pieces(path: string): Generator<Buffer> {
  const size = sizeOf(path);
  if (size > answerLimits.file) {
    throw new UserError(`${path}: ${size} bytes are more than the ${answerLimits.file} that are read`);
  }
  const descriptor = openSync(path, 'r');
  try {
    for (let at = 0; at < size; ) {
      const piece = Buffer.alloc(Math.min(2 ** 20, size - at));
      const read = readSync(descriptor, piece, 0, piece.length, at);
      if (read === 0) return;
      yield piece.subarray(0, read);
      at += read;
    }
  } finally {
    closeSync(descriptor);
  }
}

function sizeOf(path: string): number {
  const descriptor = openSync(path, 'r');
  try {
    return fstatSync(descriptor).size;
  } finally {
    closeSync(descriptor);
  }
}

function textAt(descriptor: number, path: string, { start, length }: Place): string {
  const bytes = Buffer.alloc(length - 1);
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, start + at);
    if (read === 0) throw new UserError(`${path}: was cut short while it was in use`);
    at += read;
  }
  return bytes.toString('utf8');
}
