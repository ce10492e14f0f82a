/**
 * What two runs are compared by: every record without its times. A run that was killed and gone on with has the
 * same content as an undisturbed one.
 */
import { latestRecords } from './read.ts';
import type { ComparisonRecord, ResultRecord } from './schema.ts';

/** The records that count, as JSON without times, in a fixed order. */
export function resultsContent(records: readonly ResultRecord[]): string[] {
  return latestRecords(records)
    .map((record) => JSON.stringify(withoutTimes(record)))
    .sort();
}

function withoutTimes(record: ResultRecord): unknown {
  switch (record.kind) {
    case 'run': {
      const { createdAt: _, ...rest } = record;
      return rest;
    }
    case 'accuracy':
    case 'shard': {
      const { durationMs: _, ...rest } = record;
      return rest;
    }
    case 'vision': {
      const { durationMs, parts, ...rest } = record;
      return { ...rest, parts: parts?.map(({ ms, ...part }) => part) };
    }
    case 'speed': {
      const { samplesMs, medianMs, minMs, maxMs, spread, speedup, durationMs, ...rest } = record;
      const { execution, peakMemoryBytes, threads, batch, processorMs, otherWork, ...same } = rest;
      const against = speedup?.against ?? null;
      // Which mode is the best one is itself measured.
      if (execution === undefined) return { ...same, threads, batch, against };
      return { ...same, form: execution.form, group: execution.group, against };
    }
    case 'profile': {
      const { parts, scoring, roofs, durationMs, otherWork, ...rest } = record;
      return { ...rest, parts: parts.map(({ samplesMs, medianMs, ...part }) => part) };
    }
    case 'comparison':
      return withoutMeasuring(record);
    case 'strip':
    case 'finetuning':
    case 'segmenter-finetuning':
    case 'skipped':
      return record;
    default:
      throw record satisfies never;
  }
}

/** How many images a slow backend answered in its time is measured too. */
function withoutMeasuring(record: ComparisonRecord): unknown {
  const { durationMs, images, outcome, ...rest } = record;
  const { referenceMs, ...same } = images;
  return { ...rest, images: same, state: outcome.state };
}
