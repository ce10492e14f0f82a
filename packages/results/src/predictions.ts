/**
 * Per-image predictions of one result, in a CSV file beside the results: a header, then one line per image in
 * evaluation order, `index,label,top5,id,error`.
 *
 *   index   of the image in its data set
 *   label   true class
 *   top5    up to five class indices, best first, separated by spaces; empty when the image failed
 *   id,error   only for an image that could not be read
 *
 * Append-only: a run that was killed goes on after the last whole line.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '@vssm/core';
import { AppendFile } from './append.ts';
import { keySchema } from './fields.ts';
import type { AccuracyRecord } from './schema.ts';

export type PredictionLine =
  | { readonly index: number; readonly label: number; readonly top: readonly number[] }
  | { readonly index: number; readonly label: number; readonly id: string; readonly error: string };

const header = 'index,label,top5,id,error';

/** Largest file read, bytes: 1.3 million images fit. */
const largestFile = 64 * 2 ** 20;

export interface PredictionsFile {
  /** All lines as they stand in the file: found on opening, then appended. Sum a result up from these. */
  readonly lines: readonly PredictionLine[];
  /** Bytes of a line cut short by a kill, removed on opening. */
  readonly tornBytes: number;
  /** Whole lines, on the disk when this returns. */
  append(lines: readonly PredictionLine[]): void;
  /** Closes the file and describes it as an accuracy record's `predictions`. */
  finish(): AccuracyRecord['predictions'];
  /** Closes the file, to be gone on with later. */
  close(): void;
}

/**
 * A last line that is none, as a power failure can leave one, counts as cut short.
 *
 * @throws UserError naming file and line when what is there is not a predictions file
 */
export function openPredictions(file: string): PredictionsFile {
  mkdirSync(dirname(file), { recursive: true });
  const found = existsSync(file)
    ? parse(file, { damagedEnd: true })
    : { lines: [], completeBytes: 0, tornBytes: 0 };
  const output = new AppendFile(file, found.completeBytes);
  if (found.completeBytes === 0) output.append(`${header}\n`);
  const lines = [...found.lines];
  return {
    lines,
    tornBytes: found.tornBytes,
    append(added) {
      const formatted = added.map(formatLine);
      const asWritten = formatted.map((line) => parseLine(line.slice(0, -1), `${file}: new line`));
      output.append(formatted.join(''));
      lines.push(...asWritten);
    },
    finish() {
      output.close();
      return { file: `predictions/${basename(file)}`, sha256: hashOf(file), lines: lines.length };
    },
    close() {
      output.close();
    },
  };
}

/** Where a result's predictions are kept in a run folder. Throws an Error for a key that is no file name. */
export function predictionsPath(folder: string, key: string): string {
  if (!keySchema.safeParse(key).success) throw new Error(`results: "${key}" is not a key`);
  return join(folder, 'predictions', `${key}.csv`);
}

/** Whole lines of a predictions file. */
export function readPredictions(file: string): readonly PredictionLine[] {
  return parse(file).lines;
}

/** Why a record's predictions cannot be vouched for, or null when the file is the one that was recorded. */
export function checkPredictions(
  folder: string,
  { predictions }: Pick<AccuracyRecord, 'predictions'>,
): string | null {
  const file = join(folder, predictions.file);
  if (!existsSync(file)) return `${predictions.file} is missing`;
  if (statSync(file).size > largestFile) return `${predictions.file} is larger than ${largestFile} bytes`;
  return hashOf(file) === predictions.sha256 ? null : `${predictions.file} is not the file that was recorded`;
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function formatLine(line: PredictionLine): string {
  const start = `${line.index},${line.label},`;
  if ('top' in line) return `${start}${line.top.join(' ')},,\n`;
  return `${start},${quote(line.id)},${quote(line.error)}\n`;
}

/** Always on one line: control characters become spaces. */
function quote(cell: string): string {
  const plain = cell
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 1000)
    .toWellFormed();
  return `"${plain.replaceAll('"', '""')}"`;
}

function parse(
  file: string,
  { damagedEnd = false } = {},
): { lines: PredictionLine[]; completeBytes: number; tornBytes: number } {
  const { size } = statSync(file);
  if (size > largestFile) throw new UserError(`${file}: ${size} bytes are more than the ${largestFile} read`);
  const bytes = readFileSync(file);
  let completeBytes = bytes.lastIndexOf(0x0a) + 1;
  const [first, ...rest] = bytes.toString('utf8', 0, completeBytes).split('\n').slice(0, -1);
  const last = rest.at(-1);
  if (damagedEnd && last !== undefined && !linePattern.test(last)) {
    rest.pop();
    completeBytes = bytes.lastIndexOf(0x0a, completeBytes - 2) + 1;
  }
  if (first !== undefined && first !== header) {
    throw new UserError(`${file} line 1: expected "${header}"; not a predictions file`);
  }
  const lines = rest.map((line, row) => parseLine(line, `${file} line ${row + 2}`));
  return { lines, completeBytes, tornBytes: size - completeBytes };
}

const linePattern =
  /^(\d{1,10}),(\d{1,7}),(?:(\d{1,7}(?: \d{1,7}){0,4}),,|,"((?:[^"]|"")*)","((?:[^"]|"")*)")$/;

function parseLine(line: string, where: string): PredictionLine {
  const match = linePattern.exec(line);
  if (match === null) throw new UserError(`${where}: expected ${header}`);
  const [, index, label, top, id, error] = match;
  const start = { index: Number(index), label: Number(label) };
  if (top !== undefined) return { ...start, top: top.split(' ').map(Number) };
  return { ...start, id: id.replaceAll('""', '"'), error: error.replaceAll('""', '"') };
}
