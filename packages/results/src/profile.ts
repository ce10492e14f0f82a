/**
 * Records of a profile: what each part of each block takes, beside what the machine could do at best. A reader
 * can draw a roofline from one record alone.
 */
import { z } from 'zod';
import {
  backendSchema,
  count,
  flopsSchema,
  line,
  modelSchema,
  otherWorkSchema,
  planSchema,
  positive,
  rowHead,
} from './fields.ts';

/**
 * Parts of the segments form. `inter-scan` lies between two scans: the output projection of its block, then residual,
 * norm and input projection of the next. `embed` ends in the first block's input projection, `head` begins with
 * the last block's output projection. `pruning` is selection and gathers; scores are computed within `scan`.
 */
const profileParts = [
  'embed',
  'convolution',
  'projections',
  'scan',
  'pruning',
  'inter-scan',
  'head',
] as const;

const samples = z.array(z.number().min(0)).min(1).max(10_000);

const partSchema = z.strictObject({
  part: z.enum(profileParts),
  /** 1-based block that it belongs to: `embed` to the first, `head` to the last. */
  block: count,
  /** Tokens that enter it. */
  tokens: count,
  /** One value per round, ms per image. */
  samplesMs: samples,
  medianMs: z.number().min(0),
  /** Strict GFLOPs of one image. */
  gflops: z.number().min(0),
  /** Bytes that cross its borders for one image: inputs, outputs, and its share of the parameters. */
  bytes: z.number().min(0),
});

/** What the machine can do at best, with a number of threads. */
const roofSchema = z.strictObject({
  threads: count,
  /** 10^9 floating-point operations a second in one large matrix product of ONNX Runtime; 2 per multiply-add. */
  gflopsPerSecond: positive,
  /** 10^9 bytes a second in copying large typed arrays; every byte counts twice, once read and once written. */
  gigabytesPerSecond: positive,
});

export const profileRecordSchema = z
  .strictObject({
    ...rowHead,
    kind: z.literal('profile'),
    model: modelSchema,
    plan: planSchema,
    schedule: line(4000),
    backend: backendSchema,
    threads: count,
    /** Images in one run. */
    batch: count,
    warmup: z.number().int().min(0),
    parts: z.array(partSchema).min(1).max(8000),
    /**
     * What scoring adds to the scans, ms per image: this plan's scans less those of the same plan with random
     * scores, round by round, so noise can make it negative; null for dense models.
     */
    scoring: z
      .strictObject({ samplesMs: z.array(z.number()).min(1).max(10_000), medianMs: z.number() })
      .nullable(),
    roofs: z.array(roofSchema).min(1).max(64),
    flops: flopsSchema,
    tokens: z.array(count).min(1).max(513),
    durationMs: z.number().min(0),
    otherWork: otherWorkSchema.optional(),
  })
  .superRefine(({ parts, scoring, model }, context) => {
    const rounds = parts[0].samplesMs.length;
    const uneven =
      parts.some(({ samplesMs }) => samplesMs.length !== rounds) ||
      (scoring !== null && scoring.samplesMs.length !== rounds);
    if (uneven) context.addIssue({ code: 'custom', message: 'every part must have one time per round' });
    if (parts.some(({ block }) => block > model.spec.depth)) {
      context.addIssue({ code: 'custom', message: 'a part names a block that the model does not have' });
    }
  });
