/**
 * The entries of lists in a JSON file of any length, one after the other: nothing but the entry being read is
 * held. The parser builds plain values and runs nothing; what it may hold is bounded by `maxEntryBytes`.
 */
import { createReadStream } from 'node:fs';
import { JSONParser } from '@streamparser/json';
import { UserError } from '@vssm/core';

/** Where the bytes of a JSON file come from: the disk, or an archive. */
export interface JsonSource {
  /** Path for messages. */
  readonly path: string;
  open(): AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
}

export interface JsonEntry {
  /** Which list: its key in the outermost object, or '' when the file itself is a list. */
  readonly list: string;
  /** Place in the list, from 0. */
  readonly index: number;
  readonly value: unknown;
}

/**
 * The longest real entries, crowd regions as uncompressed RLEs, take some ten thousand bytes; nesting without end
 * costs a hundred times its length in memory.
 */
const maxEntryBytes = 4 * 1024 ** 2;

/** A file that is read in pieces of 256 KiB, from its beginning at every opening. */
export function jsonFile(path: string): JsonSource {
  return { path, open: () => createReadStream(path, { highWaterMark: 256 * 1024 }) };
}

/**
 * Yields the entries in the order of the file, a handful at a time.
 *
 * @param lists keys of the outermost object whose lists are wanted; undefined when the file itself is the list
 * @throws UserError naming the file: unreadable, not JSON, cut short, another structure, an absurdly long entry
 */
export async function* jsonEntries(
  source: JsonSource,
  lists: readonly string[] | undefined,
): AsyncGenerator<readonly JsonEntry[]> {
  const parser = new JSONParser({
    paths: lists === undefined ? ['$.*'] : lists.map((list) => `$.${list}.*`),
    keepStack: false,
    stringBufferSize: 64 * 1024,
  });
  let entries: JsonEntry[] = [];
  let misplaced: string | undefined;
  const found = new Map<string, number>();
  parser.onValue = ({ value, key, parent, stack }) => {
    const list = lists === undefined ? '' : String(stack[1].key);
    if (!Array.isArray(parent)) misplaced ??= lists === undefined ? 'the file' : `"${list}"`;
    else entries.push({ list, index: Number(key), value });
    found.set(list, Number(key) + 1);
  };
  let waiting = 0;
  let empty = true;
  let before: Uint8Array = new Uint8Array(0);
  for await (const chunk of bytesOf(source)) {
    empty = false;
    let failure: unknown;
    try {
      parser.write(chunk);
    } catch (error) {
      failure = error;
    }
    if (misplaced !== undefined) {
      throw new UserError(`${source.path}: ${misplaced} is not a list; is this another kind of file?`);
    }
    waiting = entries.length > 0 ? 0 : waiting + chunk.length;
    if (entries.length > 0) yield entries;
    if (failure !== undefined) throw notJson(source.path, failure, found, before, chunk);
    if (waiting > maxEntryBytes) {
      throw new UserError(
        `${source.path}: ${maxEntryBytes} bytes without one complete entry; is it damaged?`,
      );
    }
    entries = [];
    before = chunk;
  }
  if (empty) throw new UserError(`${source.path}: is empty; fetch or write it again`);
  try {
    if (!parser.isEnded) parser.end();
  } catch {
    throw new UserError(`${source.path}: ends in the middle${after(found)}; fetch or write it again`);
  }
}

async function* bytesOf(source: JsonSource): AsyncGenerator<Uint8Array> {
  try {
    yield* await source.open();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`${source.path}: does not exist; check the path`);
    throw new UserError(`${source.path}: cannot be read (${message})`);
  }
}

/** `, after 17 entries of "annotations"`. */
function after(found: ReadonlyMap<string, number>): string {
  const last = [...found].at(-1);
  if (last === undefined) return '';
  return `, after ${last[1]} entries${last[0] === '' ? '' : ` of "${last[0]}"`}`;
}

/** Says which entry the parser stumbled over, by the ids that stand in its text. */
function notJson(
  path: string,
  failure: unknown,
  found: ReadonlyMap<string, number>,
  before: Uint8Array,
  chunk: Uint8Array,
): UserError {
  const text = Buffer.concat([before, chunk]).toString('latin1');
  const place = before.length + Number(/position "?(\d+)/.exec((failure as Error).message)?.[1] ?? 0);
  const entry = entryAround(text, place);
  const ids = ['id', 'image_id'].flatMap((key) => {
    const value = new RegExp(`"${key}"\\s*:\\s*(-?\\d+)`).exec(entry)?.[1];
    return value === undefined ? [] : [`${key} ${value}`];
  });
  const near = ids.length === 0 ? '' : ` (${ids.join(', ')})`;
  const word = /^(?:NaN|Infinity)/.exec(text.slice(place))?.[0];
  const what = word === undefined ? 'is not JSON' : `holds ${word}, which is not a number in JSON`;
  return new UserError(`${path}: ${what}${after(found)}${near}; write finite numbers only`);
}

function entryAround(text: string, place: number): string {
  const boundary = /\}\s*,\s*\{/g;
  let from = 0;
  for (let match = boundary.exec(text); match !== null; match = boundary.exec(text)) {
    if (match.index >= place) return text.slice(from, match.index);
    from = match.index + 1;
  }
  return text.slice(from);
}
