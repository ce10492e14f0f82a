/** What an evaluation was made of: fields that its result and each of its shards share. */
import { z } from 'zod';
import { backendSchema, count, flopsSchema, line, modelSchema, planSchema, sha256, whole } from './fields.ts';

export const evaluatedFields = {
  model: modelSchema,
  plan: planSchema,
  /** The plan's schedule as the command line writes it; empty for the dense model. */
  schedule: line(4000),
  dataset: z.strictObject({
    /** The published name, as in paper tables: `ImageNet-1K`, `Fashion-MNIST`. */
    name: line(),
    split: line(),
    /** Of the data as read; null where a data set is too large to be read for it. */
    sha256: sha256.nullable(),
    /** Images in the whole split. */
    total: count,
  }),
  sample: z.strictObject({
    /** Images chosen; evaluated and failed ones together. */
    count,
    how: z.enum(['all', 'stratified', 'limit']),
    seed: whole.nullable(),
    /** SHA-256 of the chosen ids, one per line. */
    idsHash: sha256,
    /** True: a cut-down run, or images without an answer; not to be compared with anything. */
    partial: z.boolean(),
  }),
  backend: backendSchema,
  flops: flopsSchema,
  /** Live tokens: the full length, then after each pruning step. */
  tokens: z.array(count).min(1).max(513),
};

/** Per-image answers in a file of the same run folder. */
export const predictionsSchema = z.strictObject({
  file: z.string().regex(/^predictions\/[a-z0-9][a-z0-9._-]{0,119}\.(?:csv|jsonl)$/),
  sha256,
  lines: whole,
});
