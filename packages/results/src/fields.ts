/**
 * Fields that records of several kinds share. Text from outside is bounded everywhere; objects are strict, so
 * that a field nobody knows is refused.
 */
import {
  alignments,
  convModes,
  metrics,
  operations,
  reductions,
  ruleNamePattern,
  scoreOrders,
  signals,
  tokenOrders,
} from '@vssm/core';
import { familyEvidenceSchema, specSchema } from '@vssm/families/schema';
import { z } from 'zod';

/** Of what is written; earlier versions are read too. */
export const schemaVersion = 2;

export const readVersions = [1, 2] as const;

/** One line of text from outside: bounded, and without control characters that could forge a second line. */
export const line = (longest = 400) =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u);
export const text = z.string().max(8000);
export const whole = z.number().int().min(0);
export const positive = z.number().positive();
export const percent = z.number().min(0).max(100);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const instant = z.iso.datetime();

/** Identifies what was computed; also a file name, so nothing that a file system would read as a path. */
export const keySchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,119}$/);

/** Ids of experiments and of their rows. */
export const idSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+@,;:=-]{0,119}$/);

export const planSchema = z.strictObject({
  schedule: z
    .array(z.strictObject({ after: z.number().int().min(1), keep: z.number().positive().max(1) }))
    .max(512),
  /** A built-in rule, or `file`: the one that `rule` names. */
  signal: z.enum([...signals, 'file']),
  reduce: z.enum(reductions),
  order: z.enum(scoreOrders),
  alignment: z.enum(alignments),
  conv: z.enum(convModes),
  tokenOrder: z.enum(tokenOrders),
  countClassToken: z.boolean(),
  seed: whole,
  /** The rule's name and the SHA-256 of its file; of signal `file` only. */
  rule: z.strictObject({ name: z.string().regex(ruleNamePattern), sha256 }).optional(),
  /** What becomes of leaving tokens; absent: a rule that ranks tokens drops them. */
  operation: z.enum(operations).optional(),
  /** By what tokens are compared for a destination; where they are, and nowhere else. */
  metric: z.enum(metrics).optional(),
});

export const count = z.number().int().min(1);
export const environmentSchema = z.strictObject({
  node: line(),
  /** Operating system with its release, for instance `linux 6.1.0`. */
  os: line(),
  arch: line(),
  cpu: line(),
  /** Logical cores. */
  cores: count,
  memoryBytes: whole,
  /** Name of a GPU that was used; null where none was. */
  accelerator: line().nullable(),
  /** Versions of what computes: onnxruntime-node, sharp, … */
  libraries: z.record(line(120), line(120)),
});

export const modelSchema = z.strictObject({
  /** For people: `Vim-nano (Fashion-MNIST)`, `vim-small`. */
  name: line(),
  spec: specSchema,
  /** Trainable parameters. */
  params: whole,
  weights: z.discriminatedUnion('from', [
    z.strictObject({
      from: z.literal('checkpoint'),
      file: line(),
      sha256,
      /** How the model's family was decided. Of classifiers, and not in older files. */
      familyFrom: familyEvidenceSchema.optional(),
    }),
    z.strictObject({ from: z.literal('random'), seed: whole }),
  ]),
});

export const backendSchema = z.strictObject({
  name: line(60),
  /** Execution form: `whole`, `segments`, `reference`. */
  form: line(60),
});

export const flopsSchema = z.strictObject({
  /** GFLOPs of one image, the paper's profile. */
  paper: positive,
  /** GFLOPs of one image, the strict profile. */
  strict: positive,
});

/**
 * Points to the row of a paper table that this result answers; null where the paper has none. The number is
 * shown beside the paper's only if the data set is the table's own too.
 */
export const paperRowSchema = z.strictObject({ table: count, row: idSchema }).nullable();

export const head = { schema: z.literal(readVersions), key: keySchema };
export const rowHead = {
  ...head,
  experiment: idSchema,
  /** Id of the row within its experiment. */
  row: idSchema,
  /** For people. */
  label: line(),
  paper: paperRowSchema,
  /** Caveats that belong next to the number. */
  notes: z.array(text).max(20),
};

export type Environment = z.infer<typeof environmentSchema>;

/** What else used the processors while something was timed; null where the system does not tell. */
export const otherWorkSchema = z
  .strictObject({
    /** Of the processors' time during the rounds that count, 0 … 1. */
    share: z.number().min(0).max(1),
    /** There were too few rounds without other work, so those with it count too. */
    disturbed: z.boolean(),
    /** Rounds that do not count, because of other work beside them. */
    setAside: whole,
  })
  .nullable();
