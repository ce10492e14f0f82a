/** The shards of one evaluation, joined to what the whole run would have written. */
import { dirname, join } from 'node:path';
import { UserError } from '@vssm/core';
import {
  type AccuracyRecord,
  checkPredictions,
  type PredictionLine,
  readPredictions,
  type ShardRecord,
  shardLength,
} from '@vssm/results';
import { summary } from '../accuracy.ts';
import { refuseDifferent, type Sourced } from './sources.ts';

export interface JoinedEvaluation {
  /** Names the predictions file. */
  readonly key: string;
  /** In evaluation order. */
  readonly lines: readonly PredictionLine[];
  /** The accuracy records, without their description of the predictions file. */
  readonly records: readonly Omit<AccuracyRecord, 'predictions'>[];
}

/**
 * @param shards of one row, one from each results file that has it; at least one
 * @throws UserError for shards of different evaluations, overlaps, gaps, and predictions that were changed
 */
export function joinShards(shards: readonly Sourced<ShardRecord>[]): JoinedEvaluation {
  const [first] = shards;
  const { experiment, row } = first.record.heads[0];
  const what = `${experiment}/${row}`;
  for (const shard of shards.slice(1)) refuseOtherEvaluation(what, first, shard);
  const ordered = inOrder(what, shards);
  const { sample, batch, dataset } = first.record;
  const parts = ordered.map(readPart);
  const lines = Array.from({ length: sample.count }, (_, place) => {
    const turn = Math.floor(place / batch);
    const { length } = parts;
    return parts[turn % length][Math.floor(turn / length) * batch + (place % batch)];
  });
  checkIndices(what, lines, first.record);
  const { heads, model, plan, schedule, backend, flops, tokens } = first.record;
  const durationMs = ordered.reduce((sum, { record }) => sum + record.durationMs, 0);
  const found = summary(dataset.name, lines);
  const evaluated = { model, plan, schedule, dataset, sample, backend, flops, tokens, durationMs };
  return {
    key: first.record.evaluation,
    lines,
    records: heads.map((head) => ({ ...head, kind: 'accuracy', ...evaluated, ...found })),
  };
}

/** What two shards of one evaluation have in common, in the order in which differences are told. */
const common = [
  'code',
  'model',
  'dataset',
  'plan',
  'sample',
  'backend',
  'runtime',
  'batch',
  'heads',
  'evaluation',
] as const;

function refuseOtherEvaluation(what: string, one: Sourced<ShardRecord>, other: Sourced<ShardRecord>): void {
  for (const part of common) {
    const [a, b] = [one, other].map(({ record, file }) => ({ file, value: comparable(record, part) }));
    refuseDifferent(what, part === 'heads' ? 'rows' : part, a, b);
  }
  const [a, b] = [one, other].map(({ record, file }) => ({ file, value: record.shard.of }));
  refuseDifferent(what, 'the number of shards', a, b);
}

/** A model is the same wherever its file lies. */
function comparable(record: ShardRecord, part: (typeof common)[number]): unknown {
  const { weights } = record.model;
  if (part === 'model' && weights.from === 'checkpoint') {
    return { ...record.model, weights: { sha256: weights.sha256 } };
  }
  return part === 'heads' ? record.heads.map(({ key }) => key).join(', ') : record[part];
}

/** Shards 1, 2, … n; refuses one that is there twice or not at all. */
function inOrder(what: string, shards: readonly Sourced<ShardRecord>[]): Sourced<ShardRecord>[] {
  const { of } = shards[0].record.shard;
  const byIndex = new Map<number, Sourced<ShardRecord>>();
  for (const shard of shards) {
    const { index } = shard.record.shard;
    const twin = byIndex.get(index);
    if (twin !== undefined) {
      throw new UserError(`${what}: shard ${index}/${of} is in both ${twin.file} and ${shard.file}`);
    }
    byIndex.set(index, shard);
  }
  const all = Array.from({ length: of }, (_, at) => at + 1);
  const missing = all.filter((index) => !byIndex.has(index));
  if (missing.length > 0) {
    const listed = missing.slice(0, 20).join(', ') + (missing.length > 20 ? ', …' : '');
    throw new UserError(
      `${what}: of its ${of} shards ${missing.length} are missing: ${listed}; run them with --shard ${missing[0]}/${of}${missing.length > 1 ? ' and so on' : ''}, or name their folders`,
    );
  }
  return all.map((index) => byIndex.get(index)!);
}

function readPart({ record, file }: Sourced<ShardRecord>): readonly PredictionLine[] {
  const folder = dirname(file);
  const problem = checkPredictions(folder, record);
  if (problem !== null) throw new UserError(`${file}: ${problem}`);
  const lines = readPredictions(join(folder, record.predictions.file));
  const expected = shardLength(record.sample.count, record.batch, record.shard);
  if (lines.length !== expected) {
    throw new UserError(
      `${join(folder, record.predictions.file)}: ${lines.length} images, the shard has ${expected}`,
    );
  }
  return lines;
}

/** Chosen images rise, and where nothing was drawn they are simply counted through. */
function checkIndices(what: string, lines: readonly PredictionLine[], record: ShardRecord): void {
  const { sample, dataset } = record;
  let previous = -1;
  for (const [place, { index }] of lines.entries()) {
    const fits = sample.how === 'stratified' ? index > previous && index < dataset.total : index === place;
    if (!fits) {
      throw new UserError(
        `${what}: image ${index} stands at place ${place} of the merged predictions, after image ${previous}; a predictions file was changed`,
      );
    }
    previous = index;
  }
}
