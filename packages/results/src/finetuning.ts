/**
 * The record of an experiment that trains: a dense model, the same fine-tuning of it under several plans, and what
 * the differences between them say. Losses are means over augmented images with smoothed labels; accuracies are
 * counts over the test images.
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

const trainingSchema = z.strictObject({
  seed: whole,
  /** Optimiser steps. */
  steps: count,
  /** Test images classified correctly by the finished weights. */
  correct: whole,
  /** Of the finished weights' file. */
  sha256,
  /** Means since the point before. */
  curve: z.array(z.strictObject({ epoch: positive, loss: z.number(), top1: percent })).max(20_000),
  /** Test images classified correctly after every epoch. */
  tests: z.array(z.strictObject({ epoch: positive, correct: whole })).max(2000),
});

const rowSchema = z.strictObject({
  row: idSchema,
  label: line(),
  /** Rows of one arm differ in `keep` alone. */
  arm: idSchema,
  keep: z.number().positive().max(1),
  plan: planSchema,
  schedule: line(4000),
  flops: flopsSchema,
  tokens: z.array(count).min(1).max(513),
  /** Of its fine-tunings, where it is not the recipe's. */
  learningRate: z.number().positive().optional(),
  /** Rows of the paper's tables that it is the miniature of. */
  paper: z.array(paperRowSchema.unwrap()).max(20).optional(),
  /** Test images that the dense weights classify correctly under this plan, before fine-tuning. */
  before: whole,
  /** One fine-tuning for each seed. */
  after: z.array(trainingSchema).min(1).max(100),
});

/** A plan that the dense weights were evaluated under, and nothing else. */
const trainingFreeSchema = rowSchema
  .omit({ learningRate: true, paper: true, before: true, after: true })
  .extend({
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
  /** Points of top-1 after fine-tuning, mean over seeds: `arm` minus `against`. */
  gain: z.number().min(-100).max(100),
  /** 95 % interval of the gain over seeds (Welch); null where an arm has one seed. */
  interval: z.tuple([z.number(), z.number()]).nullable(),
  /** Points that `arm` may end below by the claim; none where it is not there. */
  margin: z.number().positive().max(100).optional(),
  /** What it says of the claim that `arm` ends higher, or no more than the margin below. */
  outcome: z.enum(claimOutcomes),
});

export const finetuningRecordSchema = z
  .strictObject({
    ...head,
    kind: z.literal('finetuning'),
    experiment: idSchema,
    title: line(),
    model: modelSchema.omit({ weights: true }),
    dataset: z.strictObject({ name: line(), training: splitSchema, test: splitSchema }),
    recipes: z.strictObject({ dense: recipeSchema, finetuning: recipeSchema }),
    dense: trainingSchema,
    rows: z.array(rowSchema).min(1).max(1000),
    trainingFree: z.array(trainingFreeSchema).max(1000).optional(),
    verdicts: z.array(verdictSchema).max(1000),
  })
  .superRefine(({ dense, rows, trainingFree = [], verdicts, dataset }, context) => {
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
    if (new Set(rows.map(({ row }) => row)).size !== rows.length) refuse('two rows have the same id');
    for (const { row, after } of rows) {
      if (new Set(after.map(({ seed }) => seed)).size !== after.length)
        refuse(`${row}: a seed is there twice`);
    }
    for (const { row, tokens, plan } of [...rows, ...trainingFree]) {
      if (tokens.length !== plan.schedule.length + 1) {
        refuse(`${row}: tokens must hold one count more than the schedule has steps`);
      }
    }
    for (const { arm, against, keep } of verdicts) {
      // What prunes nothing stands against every level.
      const there = (name: string, levels: readonly number[]) =>
        rows.some((row) => row.arm === name && levels.includes(row.keep));
      const missing = !there(arm, [keep]) ? arm : !there(against, [keep, 1]) ? against : undefined;
      if (missing !== undefined)
        refuse(`a verdict names ${missing} at keep ${keep}, of which there is no row`);
    }
  });

export type FinetuningRecord = z.infer<typeof finetuningRecordSchema>;
