/**
 * The published schema of results, version 2. A results file is JSON lines; every line is one record of one
 * kind. Records are strict: a field that is not named here is refused, and any change of shape is a new version
 * number. GFLOPs are 10^9 operations, accuracies are percent (0 to 100), times are milliseconds per image.
 *
 * Version 2 has everything that version 1 has; what it added is optional and says so.
 *
 * Work that was aborted has no record, or a `skipped` one: it can never be read as a number.
 */
import { z } from 'zod';
import { comparisonRecordSchema } from './comparison.ts';
import { evaluatedFields, predictionsSchema } from './evaluated.ts';
import {
  backendSchema,
  count,
  environmentSchema,
  flopsSchema,
  head,
  idSchema,
  instant,
  keySchema,
  line,
  modelSchema,
  otherWorkSchema,
  paperRowSchema,
  percent,
  planSchema,
  positive,
  rowHead,
  text,
  whole,
} from './fields.ts';
import { finetuningRecordSchema, segmenterFinetuningRecordSchema } from './finetuning.ts';
import { profileRecordSchema } from './profile.ts';
import { shardRecordSchema } from './shard.ts';
import { visionRecordSchema } from './vision.ts';

/** Header of a run. A run resumed in the same environment adds none. */
const runRecordSchema = z.strictObject({
  ...head,
  kind: z.literal('run'),
  createdAt: instant,
  projectVersion: line(),
  /** Commit of the project, null where it is not known. `dirty`: the working tree differed from it. */
  git: z.strictObject({ commit: z.string().regex(/^[0-9a-f]{7,64}$/), dirty: z.boolean() }).nullable(),
  environment: environmentSchema,
  /** Hash of the code that measures. */
  code: line(),
  /** The command as typed, one argument per element. */
  command: z.array(text).max(200),
  /** Named seeds: of the sample, of random weights, … */
  seeds: z.record(line(120), whole),
});

const accuracyRecordSchema = z
  .strictObject({
    ...rowHead,
    kind: z.literal('accuracy'),
    ...evaluatedFields,
    /** Images evaluated. */
    count,
    correct1: whole,
    correct5: whole,
    /** Images that could not be read; not in `count`. */
    failed: z.array(z.strictObject({ id: line(1000), error: text })).max(100_000),
    top1: percent,
    top5: percent,
    /** 95 % Wilson interval of top1, percent. */
    interval: z.tuple([percent, percent]),
    durationMs: z.number().min(0),
    predictions: predictionsSchema,
  })
  .superRefine((record, context) => {
    const wrong = accuracyContradiction(record);
    if (wrong !== null) context.addIssue({ code: 'custom', message: wrong });
  });

/** What of an accuracy record contradicts itself, or null. */
function accuracyContradiction(record: {
  count: number;
  correct1: number;
  correct5: number;
  top1: number;
  top5: number;
  interval: [number, number];
  failed: unknown[];
  sample: { count: number; how: string; partial: boolean };
  dataset: { total: number };
  plan: { schedule: unknown[] };
  tokens: number[];
}): string | null {
  const near = (percentage: number, correct: number) =>
    Math.abs(percentage - (100 * correct) / record.count) < 1e-6;
  if (record.correct1 > record.correct5 || record.correct5 > record.count) {
    return 'correct1, correct5 and count must rise';
  }
  if (!near(record.top1, record.correct1)) return 'top1 is not 100 * correct1 / count';
  if (!near(record.top5, record.correct5)) return 'top5 is not 100 * correct5 / count';
  if (record.interval[0] > record.top1 || record.interval[1] < record.top1) {
    return 'top1 lies outside its interval';
  }
  if (record.count + record.failed.length !== record.sample.count) {
    return 'count and failed do not add up to sample.count';
  }
  if (record.sample.count > record.dataset.total) return 'sample.count exceeds dataset.total';
  if (record.sample.how === 'all' && record.sample.count !== record.dataset.total) {
    return 'sample.how is "all" but sample.count is not dataset.total';
  }
  if (record.sample.how === 'limit' && !record.sample.partial) return 'a limited sample must be partial';
  if (record.tokens.length !== record.plan.schedule.length + 1) {
    return 'tokens must hold one count more than the schedule has steps';
  }
  return null;
}

/** Ways to carry out one model on the CPU; `matmul-floor` is its matrix products alone. */
const executionForms = [
  'matmul-floor',
  'whole-scan',
  'whole-linear-attention',
  /** With the fastest kernels there are: native ones where a compiler is found. */
  'segments',
  /** With WebAssembly kernels, whatever else there is. */
  'segments-wasm',
] as const;

/** `together`: all threads work inside one run. `apart`: one run per thread, images dealt out. */
const coreModes = ['together', 'apart'] as const;

const modeFields = { cores: z.enum(coreModes), threads: count, batch: count };

const speedRecordSchema = z
  .strictObject({
    ...rowHead,
    kind: z.literal('speed'),
    model: modelSchema,
    plan: planSchema,
    schedule: line(4000),
    backend: backendSchema,
    threads: count,
    /** Images in one run. */
    batch: count,
    /** Untimed runs before the first timed one. */
    warmup: whole,
    /** One value per timed run: its time divided by `batch`, ms per image. */
    samplesMs: z.array(positive).min(1).max(100_000),
    medianMs: positive,
    minMs: positive,
    maxMs: positive,
    /** (75th - 25th percentile) / median. */
    spread: z.number().min(0),
    /** The same plan's matrix products alone, on the same library and device, in the same rounds; ms per image. */
    floorMs: z.array(positive).min(1).max(100_000).optional(),
    /** Against the dense model timed interleaved with this one, in the same process; null for the dense itself. */
    speedup: z
      .strictObject({
        /** Key of the dense record. */
        against: keySchema,
        /** ms per image of the dense model in each pair, in the order of samplesMs. */
        denseSamplesMs: z.array(positive).min(1).max(100_000),
        /** Median of the pairs' ratios dense / pruned. */
        median: positive,
        min: positive,
        max: positive,
        /** As `processorMs`, of the dense model. */
        denseProcessorMs: z.array(z.number().min(0)).min(1).max(100_000).optional(),
      })
      .nullable(),
    /** Processor time of each timed run, ms per image; not there where other processes did the work. */
    processorMs: z.array(z.number().min(0)).min(1).max(100_000).optional(),
    otherWork: otherWorkSchema.optional(),
    flops: flopsSchema,
    tokens: z.array(count).min(1).max(513),
    durationMs: z.number().min(0),
    /** How the model was carried out, in comparisons of several ways to do it. */
    execution: z
      .strictObject({
        form: z.enum(executionForms),
        cores: z.enum(coreModes),
        /** Records of one group were timed interleaved: their samplesMs of equal index are one round. */
        group: keySchema,
        /** Modes that were tried before, and the time of each, ms per image; empty where the mode was given. */
        calibration: z.array(z.strictObject({ ...modeFields, msPerImage: positive })).max(100),
      })
      .optional(),
    /** Largest resident memory of a process that loads this model and runs it, and does nothing else. */
    peakMemoryBytes: count.optional(),
  })
  .superRefine(({ samplesMs, processorMs, speedup }, context) => {
    const alike = { processorMs, ...speedup };
    for (const name of ['denseSamplesMs', 'processorMs', 'denseProcessorMs'] as const) {
      if (alike[name] !== undefined && alike[name].length !== samplesMs.length)
        context.addIssue({ code: 'custom', message: `${name} and samplesMs must be pairs` });
    }
  });

const classSchema = z.strictObject({ index: whole, name: line() });

/** Of every cell in raster order, what part of what the classifier reads is the cell's, mean over the blocks. */
const mapSchema = z.array(z.number().min(0).max(1)).max(1 << 20);

const stripRecordSchema = z.strictObject({
  ...rowHead,
  kind: z.literal('strip'),
  model: modelSchema,
  plan: planSchema,
  schedule: line(4000),
  dataset: z.strictObject({ name: line(), split: line() }),
  /** Patches per column and per row. */
  grid: z.strictObject({ height: count.max(1024), width: count.max(1024) }),
  /** Position of the class token in the unpruned sequence; null for models without one, or with several registers. */
  classToken: whole.nullable(),
  /** Of all tokens that stand for no patch, rising. Absent: the class token alone, if there is one. */
  protectedTokens: z.array(whole).max(1024).optional(),
  images: z
    .array(
      z
        .strictObject({
          id: line(1000),
          label: classSchema,
          /** By the pruned model. */
          predicted: classSchema,
          /** By the dense model. */
          dense: classSchema.nullable(),
          /** As the model sees it before normalisation. */
          width: count.max(2048),
          height: count.max(2048),
          channels: z.union([z.literal(1), z.literal(3)]),
          /** 8-bit samples, rows from the top, channels last; base64. */
          pixels: z.base64().max(20_000_000),
          /** After each step: positions of the kept tokens in the unpruned sequence, rising. */
          kept: z.array(z.strictObject({ after: count, positions: z.array(whole).max(1 << 20) })).max(512),
          /** Class contribution of each model. Absent where it was not asked for, or the backend does not tell it. */
          read: z.strictObject({ dense: mapSchema, pruned: mapSchema }).optional(),
        })
        .superRefine(({ width, height, channels, pixels }, context) => {
          if (Buffer.byteLength(pixels, 'base64') !== width * height * channels) {
            context.addIssue({
              code: 'custom',
              message: 'pixels do not hold width * height * channels bytes',
            });
          }
        }),
    )
    .min(1)
    .max(64),
});

/** A row that was not run, or could not be finished. A later result of the same experiment and row replaces it. */
const skippedRecordSchema = z.strictObject({
  ...head,
  kind: z.literal('skipped'),
  experiment: idSchema,
  row: idSchema,
  label: line(),
  paper: paperRowSchema,
  /** Data set that the row would have used; null for speed rows. */
  dataset: line().nullable(),
  /** Known without running; null where the row has no computed cost. */
  flops: flopsSchema.nullable(),
  tokens: z.array(count).min(1).max(513).nullable(),
  reason: text,
  /** The command or step that would run it. */
  howToRun: text,
});

export const resultRecordSchema = z.discriminatedUnion('kind', [
  runRecordSchema,
  accuracyRecordSchema,
  speedRecordSchema,
  stripRecordSchema,
  profileRecordSchema,
  skippedRecordSchema,
  shardRecordSchema,
  comparisonRecordSchema,
  visionRecordSchema,
  finetuningRecordSchema,
  segmenterFinetuningRecordSchema,
]);

export type RunRecord = z.infer<typeof runRecordSchema>;
export type AccuracyRecord = z.infer<typeof accuracyRecordSchema>;
export type SpeedRecord = z.infer<typeof speedRecordSchema>;
export type StripRecord = z.infer<typeof stripRecordSchema>;
export type ProfileRecord = z.infer<typeof profileRecordSchema>;
export type SkippedRecord = z.infer<typeof skippedRecordSchema>;
export type { ComparisonRecord } from './comparison.ts';
export type { FinetuningRecord, SegmenterFinetuningRecord } from './finetuning.ts';
export type { ShardRecord } from './shard.ts';
export type { VisionRecord } from './vision.ts';
export type ResultRecord = z.infer<typeof resultRecordSchema>;
