/**
 * Per-image predictions of one result, in a CSV file beside the results: a header, then one line per image in
 * evaluation order, `index,label,top5,id,error`.
 *
 *   index   of the image in its data set
 *   label   true class
 *   top5    up to five class indices, best first, separated by spaces; empty when the image failed
 *   id      name of the image; files of version 1 have it for failed images only
 *   error   why the image has no answer
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { AnswerFile, hashOf, type LineFormat, readAnswers } from './answer-file.ts';
import { keySchema } from './fields.ts';
import type { AccuracyRecord } from './schema.ts';

export type PredictionLine =
  | {
      readonly index: number;
      readonly label: number;
      /** Absent where the file does not tell: it is of version 1. */
      readonly id?: string;
      readonly top: readonly number[];
    }
  | { readonly index: number; readonly label: number; readonly id: string; readonly error: string };

export type PredictionsFile = AnswerFile<PredictionLine>;

const header = 'index,label,top5,id,error';

export const predictionLines: LineFormat<PredictionLine> = {
  header,
  format(line) {
    const top = 'top' in line ? line.top.join(' ') : '';
    const id = line.id === undefined ? '' : quote(line.id);
    return `${line.index},${line.label},${top},${id},${'error' in line ? quote(line.error) : ''}`;
  },
  parse: parseLine,
  failed: (line) => 'error' in line,
};

/** @throws UserError naming file and line when what is there is not a predictions file */
export function openPredictions(file: string): PredictionsFile {
  return new AnswerFile(file, predictionLines);
}

/** Where a result's per-image answers are kept in a run folder. Throws an Error for a key that is no file name. */
export function predictionsPath(folder: string, key: string, extension: 'csv' | 'jsonl' = 'csv'): string {
  if (!keySchema.safeParse(key).success) throw new Error(`results: "${key}" is not a key`);
  return join(folder, 'predictions', `${key}.${extension}`);
}

/** Whole lines of a predictions file. */
export function readPredictions(file: string): readonly PredictionLine[] {
  return [...readAnswers(file, predictionLines)];
}

/** Why a record's per-image answers cannot be vouched for, or null when the file is the one that was recorded. */
export function checkPredictions(
  folder: string,
  { predictions }: Pick<AccuracyRecord, 'predictions'>,
): string | null {
  const file = join(folder, predictions.file);
  if (!existsSync(file)) return `${predictions.file} is missing`;
  return hashOf(file) === predictions.sha256 ? null : `${predictions.file} is not the file that was recorded`;
}

/** Always on one line: control characters become spaces. */
function quote(cell: string): string {
  const plain = cell
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 1000)
    .toWellFormed();
  return `"${plain.replaceAll('"', '""')}"`;
}

const linePattern =
  /^(\d{1,10}),(\d{1,7}),(?:(\d{1,7}(?: \d{1,7}){0,4}),(?:"((?:[^"]|"")*)")?,|,"((?:[^"]|"")*)","((?:[^"]|"")*)")$/;

function parseLine(line: string, where: string): PredictionLine {
  const match = linePattern.exec(line);
  if (match === null) throw new UserError(`${where}: expected ${header}`);
  const [, index, label, top, id, failedId, error] = match;
  const start = { index: Number(index), label: Number(label) };
  const plain = (cell: string) => cell.replaceAll('""', '"');
  if (top !== undefined) {
    return { ...start, ...(id !== undefined && { id: plain(id) }), top: top.split(' ').map(Number) };
  }
  return { ...start, id: plain(failedId), error: plain(error) };
}
