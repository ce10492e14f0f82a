/**
 * The answers of one evaluation, one JSON line per image, in an append-only file: the first line says what they
 * are answers of, so that a run that was cut off goes on with the images that are missing, and never with another
 * model's. An image that could not be read has a line with an `error`; it is tried again by the next run.
 */
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { AppendFile, lockFolder } from '@vssm/results';

export const answersFileName = 'answers.jsonl';

const format = 'vssm-answers-1';
/** A hundred masks of a large photograph take a few hundred kilobytes. */
const longestLine = 64 * 2 ** 20;

export interface Answers {
  readonly path: string;
  /** Whether the image is answered. */
  has(id: string): boolean;
  /** On the disk when this returns. */
  append(id: string, answer: unknown): void;
  fail(id: string, error: string): void;
  /** What was appended for an image; the file is read again, so that memory does not grow with it. */
  read(id: string): unknown;
  /** Images that have no answer because they could not be read, with the reason. */
  readonly failed: ReadonlyMap<string, string>;
  close(): void;
}

interface Place {
  readonly start: number;
  readonly length: number;
}

/**
 * @param folder made if it is not there, and locked until `close`
 * @param key identifies model, plan, data and code
 * @throws UserError where the folder holds other answers, another process writes there, or the disk refuses
 */
export async function openAnswers(folder: string, key: string): Promise<Answers> {
  mkdirSync(folder, { recursive: true });
  const lock = lockFolder(folder);
  const path = join(folder, answersFileName);
  try {
    const places = new Map<string, Place>();
    const failed = new Map<string, string>();
    let size = existsSync(path) ? await scan(path, key, places, failed) : 0;
    const file = new AppendFile(path, size);
    const write = (line: unknown): Place => {
      const text = `${JSON.stringify(line)}\n`;
      file.append(text);
      const place = { start: size, length: Buffer.byteLength(text) };
      size += place.length;
      return place;
    };
    if (size === 0) write({ format, key });
    const descriptor = openSync(path, 'r');
    return {
      path,
      failed,
      has: (id) => places.has(id),
      append(id, answer) {
        places.set(id, write({ id, answer }));
        failed.delete(id);
      },
      fail(id, error) {
        write({ id, error });
        failed.set(id, error);
      },
      read(id) {
        const place = places.get(id);
        if (place === undefined) throw new RangeError(`no answer for image ${id}`);
        const bytes = Buffer.alloc(place.length);
        for (let at = 0; at < bytes.length; ) {
          const read = readSync(descriptor, bytes, at, bytes.length - at, place.start + at);
          if (read === 0) throw new UserError(`${path}: was cut short while it was in use`);
          at += read;
        }
        return (JSON.parse(bytes.toString('utf8')) as { answer: unknown }).answer;
      },
      close() {
        closeSync(descriptor);
        file.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @returns bytes up to the end of the last whole line */
async function scan(
  path: string,
  key: string,
  places: Map<string, Place>,
  failed: Map<string, string>,
): Promise<number> {
  let start = 0;
  let number = 0;
  for await (const bytes of wholeLines(path)) {
    number++;
    const line = parsed(bytes, `${path}: line ${number}`);
    if (number === 1) checkHeader(line, path, key);
    else if (typeof line.id !== 'string') {
      throw new UserError(`${path}: line ${number} names no image; choose another folder with --out`);
    } else if (typeof line.error === 'string') failed.set(line.id, line.error);
    else {
      places.set(line.id, { start, length: bytes.length });
      failed.delete(line.id);
    }
    start += bytes.length;
  }
  return start;
}

function checkHeader(line: Readonly<Record<string, unknown>>, path: string, key: string): void {
  if (line.format !== format) {
    throw new UserError(`${path}: is not a file of answers; choose another folder with --out`);
  }
  if (line.key !== key) {
    throw new UserError(
      `${path}: holds answers of another model, plan, data set or version of the code; choose another folder with --out`,
    );
  }
}

function parsed(bytes: Buffer, name: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new UserError(`${name} is damaged; delete the file or choose another folder with --out`);
}

/** Lines with their newline; what follows the last newline was cut short by a kill and is left out. */
async function* wholeLines(path: string): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...pieces, chunk.subarray(from, end + 1)]);
      pieces = [];
      length = 0;
      from = end + 1;
    }
    pieces.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > longestLine) throw new UserError(`${path}: has a line of more than ${longestLine} bytes`);
  }
}
