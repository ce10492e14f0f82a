/**
 * Records of a comparison of backends: one for each way to carry out one plan of one model, with how close its
 * answers are to the float64 reference's and how fast it is; or why it could not be run.
 */
import { z } from 'zod';
import {
  backendSchema,
  count,
  flopsSchema,
  keySchema,
  line,
  modelSchema,
  otherWorkSchema,
  planSchema,
  positive,
  rowHead,
  sha256,
  text,
  whole,
} from './fields.ts';

const distance = z.number().min(0);

const keptSchema = z.strictObject({
  /** Images whose kept tokens differ at some step. */
  images: whole,
  /** Of these, images whose first difference is a near-tie. */
  ties: whole,
  /** Kept tokens that the reference prunes, at the first step of each image where there are any. */
  positions: whole,
  /** Kept tokens of all images and steps. */
  total: count,
  /**
   * Largest distance, in the reference's scores, between a token that it kept and one that it pruned and that
   * were told apart otherwise; as a share of the step's largest |score|. 0 where nothing differs.
   */
  largestMargin: distance,
  /** A margin up to this share is a near-tie: the backend's precision cannot tell the two apart. */
  tieMargin: positive,
});

const paritySchema = z.strictObject({
  /** Images answered by both. */
  images: count,
  /** Images that this backend gave no answer for. */
  failed: whole,
  /** Over all logits of all images: largest and mean |Δ|, and the reference's largest |logit| to see them by. */
  maxDifference: distance,
  meanDifference: distance,
  largestLogit: distance,
  /** Images with the reference's first answer. */
  sameTop1: whole,
  /** Null for the dense model, which prunes nothing. */
  kept: keptSchema.nullable(),
});

const agreementSchema = z.strictObject({
  /** The backend that the answers are held against. */
  with: backendSchema,
  images: count,
  sameTop1: whole,
});

const timingSchema = z.strictObject({
  /** Images in one run; 1 is timed for latency, more for throughput. */
  batch: count,
  warmup: whole,
  /** One value per round, ms per image. Values of equal index of one group and batch are one round. */
  samplesMs: z.array(positive).min(1).max(100_000),
  medianMs: positive,
  otherWork: otherWorkSchema.optional(),
});

export const comparisonRecordSchema = z
  .strictObject({
    ...rowHead,
    kind: z.literal('comparison'),
    model: modelSchema,
    plan: planSchema,
    schedule: line(4000),
    backend: backendSchema,
    threads: count,
    /** Records of one group were made together; times of different plans were not taken in the same rounds. */
    group: keySchema,
    images: z.strictObject({
      /** Null for made-up pixels. */
      dataset: z.strictObject({ name: line(), split: line(), sha256: sha256.nullable() }).nullable(),
      /** Images that the reference computed, and its time for one of them. */
      reference: count,
      referenceMs: positive,
      /** SHA-256 of their ids, one per line. */
      idsHash: sha256,
    }),
    outcome: z.discriminatedUnion('state', [
      z.strictObject({
        state: z.literal('measured'),
        /** The library underneath, kernels, adapter, …: as the backend describes itself. */
        details: z.record(line(120), line(400)),
        parity: paritySchema,
        /** With the fastest path on more images; null for that path itself. */
        agreement: agreementSchema.nullable(),
        timings: z.array(timingSchema).max(64),
        /** Why nothing was timed; null where it was. */
        untimed: text.nullable(),
      }),
      z.strictObject({ state: z.literal('unavailable'), reason: text, fix: text }),
    ]),
    flops: flopsSchema,
    tokens: z.array(count).min(1).max(513),
    durationMs: z.number().min(0),
  })
  .superRefine(({ outcome, plan }, context) => {
    if (outcome.state === 'unavailable') return;
    const { parity, timings, untimed } = outcome;
    const { kept, images, sameTop1 } = parity;
    const wrong = (message: string) => context.addIssue({ code: 'custom', message });
    if (sameTop1 > images) wrong('sameTop1 is more than images');
    if ((kept === null) !== (plan.schedule.length === 0)) wrong('kept goes with a schedule');
    if (kept !== null && (kept.ties > kept.images || kept.images > images)) {
      wrong('ties, kept.images and images must rise');
    }
    if (timings.length > 0 && untimed !== null) wrong('untimed goes without timings');
  });

export type ComparisonRecord = z.infer<typeof comparisonRecordSchema>;
