/** What ships with a benchmark that takes hours: the records of a run, and of their predictions which are right. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import {
  type AccuracyRecord,
  checkPredictions,
  latestRecords,
  type RunRecord,
  readPredictions,
  readResults,
  resultsFileName,
  rightAnswersFile,
  rightAnswersLine,
} from '@vssm/results';

/**
 * Writes `results.jsonl` and `right.jsonl`; accuracies on all images only.
 *
 * @param run folder that holds the predictions too
 * @param experiment whose records are kept
 * @returns how many were kept
 * @throws UserError for a folder without such a record, or with predictions that are not the recorded ones
 */
export function keepMeasured(run: string, experiment: string, out: string): number {
  const records = latestRecords(readResults(run).records);
  const last = records.findLast((record): record is RunRecord => record.kind === 'run');
  const own = records.filter(
    (record): record is AccuracyRecord =>
      record.kind === 'accuracy' && record.experiment === experiment && record.sample.how === 'all',
  );
  // Of a row that was measured again, by newer code, the newest.
  const kept = [...new Map(own.map((record) => [record.row, record])).values()];
  if (last === undefined || kept.length === 0) {
    throw new UserError(`${run}: no result of ${experiment} on all images; run it with --full`);
  }
  const right = kept.map((record) => {
    const wrong = checkPredictions(run, record);
    if (wrong !== null) throw new UserError(`${run}: ${wrong}`);
    return rightAnswersLine(record.predictions.sha256, readPredictions(join(run, record.predictions.file)));
  });
  const lines = (texts: readonly string[]) => Buffer.from(texts.map((text) => `${text}\n`).join(''));
  mkdirSync(out, { recursive: true });
  writeWhole(join(out, resultsFileName), lines([last, ...kept].map((record) => JSON.stringify(record))));
  writeWhole(join(out, rightAnswersFile), lines(right));
  return kept.length;
}
