/** A run folder opened for writing: what is there already, and one record after another appended to it. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AppendFile, writeError } from '@vssm/core/files';
import { type ImageAnswers, openImageAnswers, type Scoring } from './image-answers.ts';
import { lockFolder } from './lock.ts';
import { openPredictions, type PredictionsFile, predictionsPath } from './predictions.ts';
import { checkRecord, readResults, resultsFileName } from './read.ts';
import type { ResultRecord } from './schema.ts';

export interface Results {
  readonly folder: string;
  /** All records in file order, appended ones included. */
  readonly records: readonly ResultRecord[];
  /** What was put right on opening, for people; empty when nothing was wrong. */
  readonly repairs: readonly string[];
  /** True when a finished record (not a `skipped` one) of this key is there. */
  has(key: string): boolean;
  /** True when the finished record of this key leaves no image without an answer. */
  complete(key: string): boolean;
  /**
   * Writes one record; it is on the disk when this returns. A `skipped` record equal to the last one of its key
   * is not written again, so that a resumed run leaves the same file as an undisturbed one. A record that leaves images
   * without an answer may be followed by another one of its key, which counts.
   *
   * @throws UserError when the disk is full or cannot be written; Error when the record does not fit the schema
   *   or its key is finished already
   */
  append(record: ResultRecord): void;
  /** The side file of a record still to be finished; gone on with where a killed run left it. */
  predictions(key: string): PredictionsFile;
  /** The same for a detector or segmenter. */
  imageAnswers(key: string, scoring: Scoring): ImageAnswers;
  /** Closes the file and gives the folder free. */
  close(): void;
}

/**
 * Opens (or makes) a run folder and locks it.
 *
 * @throws UserError when another process writes there, or the file there is of another schema version or damaged
 *   other than by a line cut short
 */
export function openResults(folder: string): Results {
  makeFolder(folder);
  const lock = lockFolder(folder);
  try {
    return openLocked(folder, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeError(
      folder,
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? causeOf(folder, error) : error,
    );
  }
}

/** Node calls a read-only disk a missing folder; making the first missing one alone tells what it is. */
function causeOf(folder: string, error: unknown): unknown {
  let missing = resolve(folder);
  while (!existsSync(dirname(missing)) && dirname(missing) !== missing) missing = dirname(missing);
  try {
    mkdirSync(missing);
    return error;
  } catch (cause) {
    return cause;
  }
}

function openLocked(folder: string, release: () => void): Results {
  const file = join(folder, resultsFileName);
  const found = existsSync(file)
    ? readResults(file, { damagedEnd: true })
    : { records: [], completeBytes: 0, tornBytes: 0 };
  const records = [...found.records];
  const repairs: string[] = [];
  const output = new AppendFile(file, found.completeBytes);
  if (found.tornBytes > 0) {
    repairs.push(`${file}: removed a last line that was cut short or damaged (${found.tornBytes} bytes)`);
  }
  const finished = new Map<string, ResultRecord>();
  const skipped = new Map<string, string>();
  const note = (record: ResultRecord) => {
    if (record.kind === 'skipped') skipped.set(record.key, JSON.stringify(record));
    else finished.set(record.key, record);
  };
  for (const record of records) note(record);

  return {
    folder,
    records,
    repairs,
    has: (key) => finished.has(key),
    complete: (key) => {
      const found = finished.get(key);
      return found !== undefined && !leavesImages(found);
    },
    append(record) {
      const checked = checkOurs(record);
      const line = JSON.stringify(checked);
      if (checked.kind === 'skipped' && skipped.get(checked.key) === line) return;
      const before = finished.get(checked.key);
      if (before !== undefined && !leavesImages(before)) {
        throw new Error(`results: key "${checked.key}" is finished already`);
      }
      output.append(`${line}\n`);
      records.push(checked);
      note(checked);
    },
    predictions: (key) => openPredictions(predictionsPath(folder, key)),
    imageAnswers: (key, scoring) => openImageAnswers(predictionsPath(folder, key, 'jsonl'), scoring),
    close() {
      output.close();
      release();
    },
  };
}

/** Whether images are left without an answer. */
function leavesImages(record: ResultRecord): boolean {
  if (record.kind === 'shard') return record.failed > 0;
  return (record.kind === 'accuracy' || record.kind === 'vision') && record.failed.length > 0;
}

/** A record of ours that does not fit is a bug, not the user's doing. */
function checkOurs(record: ResultRecord): ResultRecord {
  try {
    return checkRecord(record, `${record.kind} record "${record.key}"`);
  } catch (error) {
    throw new Error((error as Error).message, { cause: error });
  }
}
