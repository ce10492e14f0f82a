/**
 * Reading a results file. It may come from anyone: sizes are bounded, nothing in it is executed, and a line
 * that does not fit the schema is refused with its number.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { readVersions } from './fields.ts';
import { describeIssues } from './issues.ts';
import { inTodaysWords } from './old-words.ts';
import { type ResultRecord, resultRecordSchema } from './schema.ts';

export const resultsFileName = 'results.jsonl';

/** Largest file and longest line that are read, bytes. */
export const readLimits = { file: 128 * 2 ** 20, line: 32 * 2 ** 20 };

export interface ReadResults {
  /** The file that was read. */
  readonly file: string;
  /** In file order; see `latestRecords` for what counts. */
  readonly records: readonly ResultRecord[];
  /** Bytes of complete, valid lines. Anything beyond is a line that was cut short while it was written. */
  readonly completeBytes: number;
  readonly tornBytes: number;
}

/**
 * Reads a run folder or a results file.
 *
 * @param damagedEnd true: a last line that is no JSON, as a power failure can leave one, counts as cut short
 * @throws UserError naming file and line: missing, too large, not JSON, another schema version, a bad record
 */
export function readResults(dirOrFile: string, { damagedEnd = false } = {}): ReadResults {
  const file = resultsFile(dirOrFile);
  if (!existsSync(file)) throw new UserError(`${file}: no such results file; vssm bench writes one`);
  const { size } = statSync(file);
  if (size > readLimits.file) {
    throw new UserError(`${file}: ${size} bytes are more than the ${readLimits.file} that are read`);
  }
  return parseResults(file, readFileSync(file), damagedEnd);
}

function resultsFile(dirOrFile: string): string {
  return existsSync(dirOrFile) && !statSync(dirOrFile).isDirectory()
    ? dirOrFile
    : join(dirOrFile, resultsFileName);
}

function parseResults(file: string, bytes: Buffer, damagedEnd: boolean): ReadResults {
  const records: ResultRecord[] = [];
  let start = 0;
  for (let number = 1; ; number++) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1) break;
    if (end - start > readLimits.line) {
      throw new UserError(`${file} line ${number}: longer than ${readLimits.line} bytes`);
    }
    const where = `${file} line ${number}`;
    const content = parseLine(bytes.subarray(start, end));
    if (content === undefined) {
      if (damagedEnd && end === bytes.length - 1) break;
      throw new UserError(`${where}: not a line of JSON`);
    }
    records.push(checkRecord(content, where));
    start = end + 1;
  }
  return { file, records, completeBytes: start, tornBytes: bytes.length - start };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for what is no JSON. */
function parseLine(line: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(line));
  } catch {
    return undefined;
  }
}

/** Checks one record against the schema; `where` opens the error's message. */
export function checkRecord(content: unknown, where: string): ResultRecord {
  const version =
    typeof content === 'object' && content !== null ? (content as { schema?: unknown }).schema : undefined;
  if (!readVersions.some((known) => known === version)) {
    const found = typeof version === 'number' ? `schema version ${version}` : 'no schema version';
    throw new UserError(`${where}: ${found}; this program reads versions ${readVersions.join(' and ')}`);
  }
  const parsed = resultRecordSchema.safeParse(inTodaysWords(content));
  if (!parsed.success) throw new UserError(`${where}: ${describeIssues(parsed.error)}`);
  return parsed.data;
}

/**
 * What counts of a file's records: of one key the last, and no `skipped` record whose experiment, row and data
 * set have a result.
 */
export function latestRecords(records: readonly ResultRecord[]): ResultRecord[] {
  const byKey = new Map<string, ResultRecord>();
  for (const record of records)
    byKey.set(`${record.kind === 'skipped' ? 'skipped' : 'done'}/${record.key}`, record);
  const done = new Set<string>();
  for (const record of byKey.values()) {
    if (record.kind === 'accuracy' || record.kind === 'strip' || record.kind === 'vision') {
      done.add(place(record, record.dataset.name));
    }
    if (record.kind === 'speed' || record.kind === 'profile') done.add(place(record, null));
  }
  return [...byKey.values()].filter(
    (record) => record.kind !== 'skipped' || !done.has(place(record, record.dataset)),
  );
}

function place({ experiment, row }: { experiment: string; row: string }, dataset: string | null): string {
  return JSON.stringify([experiment, row, dataset]);
}
