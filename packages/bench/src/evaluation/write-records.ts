/** The records that an evaluation ends in: one for each of its rows, or one of a shard. */
import { basename } from 'node:path';
import {
  type DescribedAnswers,
  hashOf,
  type ResultRecord,
  type Results,
  type ShardRecord,
} from '@vssm/results';
import { canonicalJson } from '../keys.ts';
import type { RecordHead } from '../kinds/heads.ts';
import type { RunState } from '../workplace.ts';
import type { EvaluationPart, ImageTask } from './image-task.ts';

export interface EvaluationRecords {
  whole(head: RecordHead): ResultRecord;
  shard(part: EvaluationPart): ShardRecord;
}

/** A record that says what is there already, but for its times, is not written again. */
export function writeRecords(
  { part, heads }: ImageTask,
  results: Results,
  { whole, shard }: EvaluationRecords,
): RunState {
  const records = part === undefined ? heads.map(whole) : [shard(part)];
  const added = records.filter((record) => {
    if (results.complete(record.key)) return false;
    const before = results.records.findLast(({ key, kind }) => key === record.key && kind !== 'skipped');
    return before === undefined || withoutTimes(before) !== withoutTimes(record);
  });
  for (const record of added) results.append(record);
  return added.length === 0 ? 'found' : 'done';
}

function withoutTimes(record: ResultRecord): string {
  const times = new Set(['durationMs', 'parts', 'timed']);
  // What was read has its fields in another order than what was made.
  return canonicalJson(JSON.parse(JSON.stringify(record, (name, value) => (times.has(name) ? null : value))));
}

/** Runs, and closes the file where that fails. */
export async function orClosed<T>(file: { close(): void }, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A file of answers that is whole already, as records describe it. */
export function describedAnswers(path: string, lines: number): DescribedAnswers {
  return { file: `predictions/${basename(path)}`, sha256: hashOf(path), lines };
}
