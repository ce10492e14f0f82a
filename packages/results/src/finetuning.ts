/**
 * The records of experiments that train: a dense model, the same fine-tuning of it under several plans, and what the
 * differences between them say. Losses are means over augmented images with smoothed labels. A classifier's end is a
 * count of test images, a segmenter's is its mIoU over them.
 */
import { z } from 'zod';
import {
  count,
  flopsSchema,
  head,
  idSchema,
  line,
  modelSchema,
  paperRowSchema,
  percent,
  planSchema,
  positive,
  sha256,
  whole,
} from './fields.ts';
import { unpackRight } from './right-images.ts';

const splitSchema = z.strictObject({ split: line(), sha256: sha256.nullable(), total: count });

/** What decided where a training ended, beside model, plan, data and seed: numbers and switches by name. */
const recipeSchema = z.record(line(60), z.union([z.number(), z.boolean()]));

/** What the test images say of weights. */
const scores = {
  /** Test images classified correctly. */
  classifier: { correct: whole },
  /** Over the classes that the test images have, percent. */
  segmenter: { miou: percent },
};

function trainingSchema<S extends z.ZodRawShape>(score: S) {
  return z.strictObject({
    seed: whole,
    /** Optimiser steps. */
    steps: count,
    /** Of the finished weights. */
    ...score,
    /** Of the finished weights' file. */
    sha256,
    /** Means since the point before; a segmenter's top-1 is that of pixels. */
    curve: z.array(z.strictObject({ epoch: positive, loss: z.number(), top1: percent })).max(20_000),
    /** After every epoch. */
    tests: z.array(z.strictObject({ epoch: positive, ...score })).max(2000),
  });
}

const prunedShape = {
  row: idSchema,
  label: line(),
  /** Rows of one arm differ in `keep` alone. */
  arm: idSchema,
  keep: z.number().positive().max(1),
  plan: planSchema,
  schedule: line(4000),
  /** Of a segmenter, its backbone's. */
  flops: flopsSchema,
  tokens: z.array(count).min(1).max(513),
};

function rowSchema<S extends z.ZodRawShape, B extends z.ZodType>(score: S, before: B) {
  return z.strictObject({
    ...prunedShape,
    /** Of its fine-tunings, where it is not the recipe's. */
    learningRate: z.number().positive().optional(),
    /** Rows of the paper's tables that it is the miniature of. */
    paper: z.array(paperRowSchema.unwrap()).max(20).optional(),
    /** What the dense weights reach under this plan, before fine-tuning: test images, or mIoU. */
    before,
    /** One fine-tuning for each seed. */
    after: z.array(trainingSchema(score)).min(1).max(100),
  });
}

/** A plan that the dense weights were evaluated under, and nothing else. */
const trainingFreeSchema = z.strictObject({
  ...prunedShape,
  /** Test images that the dense weights classify correctly under this plan. */
  correct: whole,
  /** Which they are; see right-images.ts. */
  right: z.base64().max(1 << 20),
});

const claimOutcomes = ['supports', 'contradicts', 'undecided', 'one seed'] as const;

const verdictSchema = z.strictObject({
  arm: idSchema,
  against: idSchema,
  keep: z.number().positive().max(1),
  /** Points after fine-tuning, mean over seeds: `arm` minus `against`. */
  gain: z.number().min(-100).max(100),
  /** 95 % interval of the gain over seeds (Welch); null where an arm has one seed. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
  /** Points that `arm` may end below by the claim; none where it is not there. */
  margin: z.number().positive().max(100).optional(),
  /** What it says of the claim that `arm` ends higher, or no more than the margin below. */
  outcome: z.enum(claimOutcomes),
});

const experimentShape = {
  ...head,
  experiment: idSchema,
  title: line(),
  dataset: z.strictObject({ name: line(), training: splitSchema, test: splitSchema }),
  recipes: z.strictObject({ dense: recipeSchema, finetuning: recipeSchema }),
  verdicts: z.array(verdictSchema).max(1000),
};

export const finetuningRecordSchema = z
  .strictObject({
    ...experimentShape,
    kind: z.literal('finetuning'),
    model: modelSchema.omit({ weights: true }),
    dense: trainingSchema(scores.classifier),
    rows: z.array(rowSchema(scores.classifier, whole)).min(1).max(1000),
    trainingFree: z.array(trainingFreeSchema).max(1000).optional(),
  })
  .superRefine((record, context) => {
    const { dense, rows, trainingFree = [], dataset } = record;
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    const trainings = [dense, ...rows.flatMap(({ after }) => after)];
    const counts = [
      ...rows.map(({ before }) => before),
      ...trainings.flatMap(({ correct, tests }) => [correct, ...tests.map((test) => test.correct)]),
    ];
    if (counts.some((correct) => correct > dataset.test.total)) refuse('correct exceeds dataset.test.total');
    for (const { row, right, correct } of trainingFree) {
      const own = unpackRight(right, dataset.test.total).filter((one) => one).length;
      if (own !== correct) refuse(`${row}: ${correct} images are correct, ${own} are listed`);
    }
    for (const wrong of [...wrongInRows(record), ...wrongTokens(trainingFree)]) refuse(wrong);
  });

export const segmenterFinetuningRecordSchema = z
  .strictObject({
    ...experimentShape,
    kind: z.literal('segmenter-finetuning'),
    /** An UperNet: its backbone at the pictures' size, and the channels of its head. */
    model: z.strictObject({
      name: line(),
      backbone: modelSchema.shape.spec,
      head: z.strictObject({ channels: count, classes: count }),
      params: whole,
    }),
    dense: trainingSchema(scores.segmenter),
    rows: z.array(rowSchema(scores.segmenter, percent)).min(1).max(1000),
  })
  .superRefine((record, context) => {
    for (const message of wrongInRows(record)) context.addIssue({ code: 'custom', message });
  });

interface Rows {
  readonly rows: readonly {
    readonly row: string;
    readonly arm: string;
    readonly keep: number;
    readonly tokens: readonly number[];
    readonly plan: { readonly schedule: readonly unknown[] };
    readonly after: readonly { readonly seed: number }[];
  }[];
  readonly verdicts: readonly { readonly arm: string; readonly against: string; readonly keep: number }[];
}

/** What contradicts itself in rows and verdicts, in words. */
function wrongInRows({ rows, verdicts }: Rows): string[] {
  const wrong = wrongTokens(rows);
  if (new Set(rows.map(({ row }) => row)).size !== rows.length) wrong.push('two rows have the same id');
  for (const { row, after } of rows) {
    if (new Set(after.map(({ seed }) => seed)).size !== after.length)
      wrong.push(`${row}: a seed is there twice`);
  }
  for (const { arm, against, keep } of verdicts) {
    // What prunes nothing stands against every level.
    const there = (name: string, levels: readonly number[]) =>
      rows.some((row) => row.arm === name && levels.includes(row.keep));
    const missing = !there(arm, [keep]) ? arm : !there(against, [keep, 1]) ? against : undefined;
    if (missing !== undefined)
      wrong.push(`a verdict names ${missing} at keep ${keep}, of which there is no row`);
  }
  return wrong;
}

function wrongTokens(rows: readonly Pick<Rows['rows'][number], 'row' | 'tokens' | 'plan'>[]): string[] {
  return rows
    .filter(({ tokens, plan }) => tokens.length !== plan.schedule.length + 1)
    .map(({ row }) => `${row}: tokens must hold one count more than the schedule has steps`);
}

export type FinetuningRecord = z.infer<typeof finetuningRecordSchema>;
export type SegmenterFinetuningRecord = z.infer<typeof segmenterFinetuningRecordSchema>;
