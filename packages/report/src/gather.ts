/** Evidence from run folders: which of their records count, and what a reader must know of those that do not. */
import { dirname } from 'node:path';
import {
  type AccuracyRecord,
  type FinetuningRecord,
  type HistoryEntry,
  latestRecords,
  type PaperTable,
  type ResultRecord,
  type RunRecord,
  readResults,
  type SegmenterFinetuningRecord,
  type SpeedRecord,
  type StripRecord,
  type VisionRecord,
} from '@vssm/results';
import { earlierComparisons } from './comparisons.ts';
import type { Entry, Evidence } from './evidence.ts';
import { otherGroups } from './executions.ts';
import { withoutSuperseded } from './superseded.ts';

/**
 * @param shipped results files that come with the project, below the others
 * @throws UserError naming file and line of what cannot be read
 */
export function gatherEvidence(
  folders: readonly string[],
  tables: readonly PaperTable[],
  history: readonly HistoryEntry[] = [],
  shipped: readonly string[] = [],
): Evidence {
  const entries: Entry<ResultRecord>[] = [];
  const warnings: string[] = [];
  for (const folder of [...shipped, ...folders]) {
    const { file, records, tornBytes } = readResults(folder);
    if (tornBytes > 0) {
      warnings.push(`${file} ends in a line cut short: its run is still going on, or was killed`);
    }
    const shards = records.filter(({ kind }) => kind === 'shard').length;
    if (shards > 0) {
      warnings.push(`${file} holds shards, which count for nothing alone; vssm merge joins them`);
    }
    entries.push(...withRuns(records, dirname(file)));
  }
  const kind = <K extends ResultRecord['kind']>(wanted: K) =>
    entries.filter(
      (entry): entry is Entry<Extract<ResultRecord, { kind: K }>> => entry.record.kind === wanted,
    );
  const latest = new Set(latestRecords(entries.map(({ record }) => record)));
  const finetuning = lastOfExperiment(kind('finetuning'));
  const trained = new Set(finetuning.map(({ record }) => record.experiment));
  const counting = <T extends AccuracyRecord | SpeedRecord | StripRecord | VisionRecord>(
    what: string,
    all: readonly Entry<T>[],
  ) => {
    const { entries: counted, leftOut } = withoutSuperseded(all);
    warnings.push(...leftOut.map((words) => `Not shown of ${what}: ${words}`));
    return counted;
  };
  const accuracy = counting('the accuracies', lastOfKey(kind('accuracy')));
  const timed = kind('speed').filter(({ record }) => record.execution === undefined);
  const parts = {
    speed: counting('the times', timed),
    strips: counting('the pictures', lastOfKey(kind('strip'))),
    vision: counting('the detectors and segmenters', lastOfKey(kind('vision'))),
  };
  const side = {
    executions: kind('speed').filter(({ record }) => record.execution !== undefined),
    comparisons: kind('comparison'),
  };
  const earlier = earlierComparisons(side);
  if (earlier > 0) warnings.push(`Not shown of the comparisons of backends: ${earlier} made again later`);
  const other = otherGroups(side);
  if (other > 0)
    warnings.push(`Not shown of the ways to run one model: ${other} timed again later or in fuller rounds`);
  return {
    shipped: new Set(shipped.map((file) => dirname(file))),
    runs: kind('run').map(({ record }) => record),
    accuracy: accuracy.filter(({ record }) => !trained.has(record.experiment) && !isLeague(record)),
    league: accuracy.filter(({ record }) => isLeague(record)),
    finetuned: accuracy.filter(({ record }) => trained.has(record.experiment)),
    finetuning,
    segmenterFinetuning: lastOfExperiment(kind('segmenter-finetuning')),
    ...parts,
    ...side,
    profiles: kind('profile'),
    skipped: lastOfKey(kind('skipped')).filter(({ record }) => latest.has(record)),
    history,
    tables: [...tables].sort((a, b) => a.table - b.table),
    warnings,
  };
}

/** Rows that are ranked among themselves: every other section shows what its own experiments say. */
function isLeague({ experiment }: AccuracyRecord): boolean {
  return experiment === 'league';
}

function withRuns(records: readonly ResultRecord[], folder: string): Entry<ResultRecord>[] {
  const counted = new Set(latestRecords(records));
  let run: RunRecord | null = null;
  const entries: Entry<ResultRecord>[] = [];
  for (const record of records) {
    if (record.kind === 'run') run = record;
    if (counted.has(record)) entries.push({ record, run, folder });
  }
  return entries;
}

/** An experiment that goes on writes its record again, with the seeds that have come. */
function lastOfExperiment<T extends FinetuningRecord | SegmenterFinetuningRecord>(
  entries: readonly Entry<T>[],
): Entry<T>[] {
  const last = new Map<string, Entry<T>>();
  for (const entry of entries) {
    // Anew, so that the newest stands last.
    last.delete(entry.record.experiment);
    last.set(entry.record.experiment, entry);
  }
  return [...last.values()];
}

/** The same accuracy from two folders is one result; speeds are not, they belong to their machine. */
function lastOfKey<T extends ResultRecord>(entries: readonly Entry<T>[]): Entry<T>[] {
  return [...new Map(entries.map((entry) => [entry.record.key, entry])).values()];
}
