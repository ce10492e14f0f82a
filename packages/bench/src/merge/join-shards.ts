/** The shards of one evaluation, joined to what the whole run would have written. */
import { dirname, join } from 'node:path';
import { counted, UserError } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import {
  type AccuracyRecord,
  type AnswerLine,
  AnswerReader,
  checkPredictions,
  type ImageAnswerLine,
  imageAnswerLines,
  type LineFormat,
  type PredictionLine,
  predictionLines,
  predictionsPath,
  type ShardRecord,
  shardLength,
  type VisionRecord,
} from '@vssm/results';
import { summary } from '../evaluation/accuracy.ts';
import { describedAnswers } from '../evaluation/write-records.ts';
import { summedUp, visionRecord } from '../vision/record.ts';
import { meanParts } from './mean-parts.ts';
import { refuseDifferent, type Sourced } from './sources.ts';

export interface JoinedEvaluation {
  /** What its records will say of themselves. */
  readonly rows: readonly Pick<AccuracyRecord | VisionRecord, 'experiment' | 'row' | 'kind' | 'dataset'>[];
  readonly images: number;
  /** Writes the answers into a run folder; returns the records. */
  write(folder: string): readonly (AccuracyRecord | VisionRecord)[];
  close(): void;
}

type Vision = NonNullable<ShardRecord['vision']>;

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
  const { vision } = first.record;
  return vision === undefined ? joinClassified(what, ordered) : joinVision(what, ordered, vision);
}

function joinClassified(what: string, shards: readonly Sourced<ShardRecord>[]): JoinedEvaluation {
  const parts = new Parts<PredictionLine>(what, shards, predictionLines);
  const { heads, model, plan, schedule, dataset, sample, backend, flops, tokens } = parts.first;
  if ('kind' in model) throw new Error(`${what}: a detector without what its shard says of itself`);
  return {
    rows: heads.map((head) => ({ ...head, kind: 'accuracy', dataset, backend })),
    images: parts.indices.length,
    write(folder) {
      const predictions = parts.write(folder, 'csv');
      const lines = parts.indices.map((index) => parts.read(index));
      const evaluated = { model, plan, schedule, dataset, backend, flops, tokens };
      const found = { ...summary(dataset.name, sample, lines), durationMs: parts.durationMs, predictions };
      return heads.map((head) => ({ ...head, kind: 'accuracy', ...evaluated, ...found }));
    },
    close: () => parts.close(),
  };
}

function joinVision(
  what: string,
  shards: readonly Sourced<ShardRecord>[],
  { scoring, input }: Vision,
): JoinedEvaluation {
  const parts = new Parts<ImageAnswerLine>(what, shards, imageAnswerLines(scoring));
  const { heads, model, plan, schedule, dataset, sample, flops, tokens, evaluation } = parts.first;
  if (!('kind' in model) || dataset.sha256 === null) {
    throw new Error(`${what}: a classifier with what a detector's shard says of itself`);
  }
  const { sha256 } = dataset;
  return {
    rows: heads.map((head) => ({ ...head, kind: 'vision', dataset: { ...dataset, sha256 } })),
    images: parts.indices.length,
    write(folder) {
      const described = {
        ...{ model, plan, schedule, dataset: { ...dataset, sha256 }, flops, tokens, input },
        parts: meanParts(shards.map(({ record }) => record.vision!)),
        durationMs: parts.durationMs,
        predictions: parts.write(folder, 'jsonl'),
      };
      const read = (index: number) => parts.read(index);
      const summed = summedUp(scoring, parts.indices, read, folder, evaluation);
      return heads.map((head) => visionRecord(head, described, sample, summed));
    },
    close: () => parts.close(),
  };
}

/** The answers of all shards, in the order of the whole evaluation. */
class Parts<Line extends AnswerLine> {
  readonly first: ShardRecord;
  /** Rising. */
  readonly indices: readonly number[];
  readonly #shards: readonly Sourced<ShardRecord>[];
  readonly #format: LineFormat<Line>;
  readonly #readers: readonly AnswerReader<Line>[];
  readonly #readerOf: ReadonlyMap<number, AnswerReader<Line>>;

  constructor(what: string, shards: readonly Sourced<ShardRecord>[], format: LineFormat<Line>) {
    this.first = shards[0].record;
    this.#shards = shards;
    this.#format = format;
    this.#readers = shards.map((shard) => readPart(shard, format));
    const { sample, batch } = this.first;
    const own = this.#readers.map(({ indices }) => indices);
    const readerOf = new Map<number, AnswerReader<Line>>();
    this.indices = Array.from({ length: sample.count }, (_, place) => {
      const turn = Math.floor(place / batch);
      const part = turn % own.length;
      const index = own[part][Math.floor(turn / own.length) * batch + (place % batch)];
      readerOf.set(index, this.#readers[part]);
      return index;
    });
    this.#readerOf = readerOf;
    checkIndices(what, this.indices, this.first);
  }

  /** ms, all shards together. */
  get durationMs(): number {
    return this.#shards.reduce((sum, { record }) => sum + record.durationMs, 0);
  }

  read(index: number): Line {
    return this.#readerOf.get(index)!.read(index);
  }

  write(folder: string, extension: 'csv' | 'jsonl') {
    const path = predictionsPath(folder, this.first.evaluation, extension);
    writeWhole(path, (write) => {
      write(`${this.#format.header}\n`);
      for (const index of this.indices) write(`${this.#readerOf.get(index)!.text(index)}\n`);
    });
    return describedAnswers(path, this.indices.length);
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }
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
  for (const part of ['scoring', 'input'] as const) {
    const [a, b] = [one, other].map(({ record, file }) => ({ file, value: record.vision?.[part] }));
    refuseDifferent(what, part, a, b);
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

function readPart<Line extends AnswerLine>(
  { record, file }: Sourced<ShardRecord>,
  format: LineFormat<Line>,
): AnswerReader<Line> {
  const folder = dirname(file);
  const problem = checkPredictions(folder, record);
  if (problem !== null) throw new UserError(`${file}: ${problem}`);
  const path = join(folder, record.predictions.file);
  const reader = new AnswerReader(path, format);
  const expected = shardLength(record.sample.count, record.batch, record.shard);
  if (reader.indices.length !== expected) {
    throw new UserError(`${path}: ${counted(reader.indices.length, 'image')}, the shard has ${expected}`);
  }
  return reader;
}

/** Chosen images rise, and where nothing was drawn they are simply counted through. */
function checkIndices(what: string, indices: readonly number[], record: ShardRecord): void {
  const { sample, dataset } = record;
  let previous = -1;
  for (const [place, index] of indices.entries()) {
    const fits = sample.how === 'stratified' ? index > previous && index < dataset.total : index === place;
    if (!fits) {
      throw new UserError(
        `${what}: image ${index} stands at place ${place} of the merged predictions, after image ${previous}; a predictions file was changed`,
      );
    }
    previous = index;
  }
}
