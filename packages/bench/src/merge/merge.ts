/**
 * Joins the run folders of several machines into one, as a single run would have written it: the shards of every
 * evaluation become its accuracy, everything else is taken over. Nothing is computed anew and no image is read.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '@vssm/core';
import { writeError } from '@vssm/core/files';

import {
  type AccuracyRecord,
  checkPredictions,
  latestRecords,
  openResults,
  type ResultRecord,
  resultsFileName,
  type ShardRecord,
} from '@vssm/results';
import { type JoinedEvaluation, joinShards } from './join-shards.ts';
import { readSources, refuseDifferent, type Sourced, type SourceFolder } from './sources.ts';

export interface MergeOutcome {
  /** The results file. */
  readonly results: string;
  readonly folders: number;
  /** Evaluations that were put together from shards. */
  readonly joined: number;
  readonly images: number;
  /** Records taken over as they were, headers of runs aside. */
  readonly takenOver: number;
}

/**
 * @param folders run folders or results files
 * @param out a folder that is not there yet, or empty; it appears whole or not at all
 * @throws UserError naming both files for overlaps and for different code, model, data or plan; naming the shards
 *   for gaps; for damaged files, and for an `out` that cannot be written
 */
export function mergeResults(folders: readonly string[], out: string): MergeOutcome {
  refuseUsed(out);
  refuseTwice(folders);
  const sources = readSources(folders);
  refuseOtherCode(sources);
  const evaluations = shardGroups(sources).map(joinShards);
  const whole = sources.map(wholeRecords);
  refuseOverlaps(whole.flat(), evaluations);

  const draft = `${resolve(out)}.merging-${process.pid}`;
  try {
    const takenOver = write(draft, sources, whole, evaluations);
    if (existsSync(out)) rmSync(out, { recursive: true });
    renameSync(draft, out);
    return {
      results: join(out, resultsFileName),
      folders: folders.length,
      joined: evaluations.length,
      images: evaluations.reduce((sum, { images }) => sum + images, 0),
      takenOver,
    };
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw writeError(out, error);
  } finally {
    for (const evaluation of evaluations) evaluation.close();
  }
}

function refuseUsed(out: string): void {
  if (!existsSync(out)) return;
  let inside: readonly string[];
  try {
    inside = readdirSync(out);
  } catch {
    throw new UserError(`--out ${out}: is a file; name a new folder`);
  }
  if (inside.length > 0) throw new UserError(`--out ${out}: is not empty; name a new folder`);
}

function refuseTwice(folders: readonly string[]): void {
  if (folders.length === 0) throw new UserError('no folder to merge; name the run folders');
  const seen = new Set<string>();
  for (const folder of folders) {
    const place = resolve(folder);
    if (seen.has(place)) throw new UserError(`${folder}: named twice`);
    seen.add(place);
  }
}

function refuseOtherCode(sources: readonly SourceFolder[]): void {
  const codes = sources.flatMap(({ file, records }) =>
    records.flatMap((record) => (record.kind === 'run' ? [{ file, value: record.code }] : [])),
  );
  for (const code of codes.slice(1)) refuseDifferent('these runs', 'code', codes[0], code);
}

/** Shards by the row they answer first, on the data and the backend they ran on. */
function shardGroups(sources: readonly SourceFolder[]): Sourced<ShardRecord>[][] {
  const shards = sources.flatMap(({ file, records }) =>
    records.flatMap((record) => (record.kind === 'shard' ? [{ record, file }] : [])),
  );
  const rowOf = ({ record: { heads, dataset, backend } }: Sourced<ShardRecord>) =>
    JSON.stringify([heads[0].experiment, heads[0].row, dataset.name, backend.name, backend.form]);
  return [...Map.groupBy(shards, rowOf).values()];
}

/** What is no shard and no header, and counts. */
function wholeRecords({ file, records }: SourceFolder): Sourced<WholeRecord>[] {
  return latestRecords(records).flatMap((record) =>
    record.kind === 'shard' || record.kind === 'run' ? [] : [{ record, file }],
  );
}

type WholeRecord = Exclude<ResultRecord, { kind: 'shard' | 'run' }>;
type MeasuredRecord = Exclude<WholeRecord, { kind: 'skipped' }>;

/** A row can have one result; what was not run may be said by all. */
function refuseOverlaps(
  whole: readonly Sourced<WholeRecord>[],
  evaluations: readonly JoinedEvaluation[],
): void {
  const found = new Map<string, Sourced<MeasuredRecord>>();
  const joined = new Set(evaluations.flatMap(({ rows }) => rows.map(rowOf)));
  for (const { record, file } of whole) {
    if (record.kind === 'skipped') continue;
    const row = 'row' in record ? rowOf(record) : record.experiment;
    if (joined.has(row)) throw new UserError(`${row}: whole in ${file}, and there are shards of it too`);
    const twin = found.get(row);
    if (twin !== undefined && twin.file !== file) refuseTwin(row, twin, { record, file });
    found.set(row, { record, file });
  }
}

function refuseTwin(row: string, one: Sourced<MeasuredRecord>, other: Sourced<MeasuredRecord>): never {
  for (const part of ['model', 'dataset', 'plan', 'sample'] as const) {
    const [a, b] = [one, other].map(({ record, file }) => ({
      file,
      value: part in record ? record[part as keyof typeof record] : null,
    }));
    refuseDifferent(row, part, a, b);
  }
  throw new UserError(`${row}: has a result in both ${one.file} and ${other.file}`);
}

/** A row as messages name it, on its data and backend. */
function rowOf({ experiment, row, kind, dataset, backend }: RowIdentity): string {
  const place = [dataset?.name, backend?.name, backend?.form].filter((part) => part !== undefined);
  return [`${experiment}/${row}`, kind, ...place].join(', ');
}

interface RowIdentity {
  readonly experiment: string;
  readonly row: string;
  readonly kind: string;
  readonly dataset?: { readonly name: string };
  readonly backend?: { readonly name: string; readonly form: string };
}

/** Writes the merged folder; returns the number of records taken over. */
function write(
  folder: string,
  sources: readonly SourceFolder[],
  whole: readonly (readonly Sourced<WholeRecord>[])[],
  evaluations: readonly JoinedEvaluation[],
): number {
  mkdirSync(join(folder, 'predictions'), { recursive: true });
  const results = openResults(folder);
  let takenOver = 0;
  try {
    for (const [at, source] of sources.entries()) {
      for (const record of source.records) {
        if (record.kind === 'run' && !results.has(record.key)) results.append(record);
      }
      if (at === 0) {
        for (const evaluation of evaluations) {
          for (const record of evaluation.write(folder)) results.append(record);
        }
      }
      for (const { record, file } of whole[at]) {
        if (record.kind === 'skipped' && results.records.some(({ key }) => key === record.key)) continue;
        if ('predictions' in record && record.predictions !== undefined) {
          takePredictions(folder, dirname(file), record.predictions);
        }
        results.append(record);
        takenOver++;
      }
    }
  } finally {
    results.close();
  }
  return takenOver;
}

/** The answers that a record speaks of, and what lies beside them. */
function takePredictions(folder: string, from: string, predictions: AccuracyRecord['predictions']): void {
  const problem = checkPredictions(from, { predictions });
  if (problem !== null) throw new UserError(`${join(from, resultsFileName)}: ${problem}`);
  const beside = predictions.file.replace(/\.jsonl$/, '.detections.json');
  const files = beside === predictions.file || !existsSync(join(from, beside)) ? [] : [beside];
  for (const file of [predictions.file, ...files]) {
    const target = join(folder, file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(from, file), target);
  }
}
