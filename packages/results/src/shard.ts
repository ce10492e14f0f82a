/**
 * The record of one shard of an evaluation: predictions of a part of the images, to be merged with the others.
 * It holds no accuracy, so that a part can never be read as the whole.
 */
import { counted } from '@vssm/core';
import { z } from 'zod';
import { evaluatedFields, predictionsSchema } from './evaluated.ts';
import { count, head, keySchema, line, modelSchema, rowHead, whole } from './fields.ts';
import { scoringSchema } from './image-answers.ts';
import { inputSchema, visionModelSchema, visionPartsSchema } from './vision.ts';

/** A record that the merged evaluation will have. */
const promisedHead = z.strictObject({ ...rowHead });

export const shardRecordSchema = z
  .strictObject({
    ...head,
    kind: z.literal('shard'),
    /** The whole evaluation's key: equal where code, model, data, plan, images and batch are. */
    evaluation: keySchema,
    /** Hash of the measuring code. */
    code: line(),
    /** The library underneath the backend with its version; empty where there is none. */
    runtime: line(),
    /** Images in one run. Whole batches are dealt out, so that an image has the same neighbours everywhere. */
    batch: count,
    /** Shard `index` (from 1) of `of` has batches index - 1, index - 1 + of, … of the chosen images. */
    shard: z.strictObject({ index: count, of: count.max(9999) }),
    ...evaluatedFields,
    model: z.union([modelSchema, visionModelSchema]),
    /** Of a detector or segmenter alone, since version 2: what its merged record has beside the rest. */
    vision: z
      .strictObject({
        scoring: scoringSchema,
        input: inputSchema,
        /** Images that the times are means over. */
        timed: whole,
        parts: visionPartsSchema,
      })
      .optional(),
    /** Heads of the records that the merged evaluation becomes. */
    heads: z.array(promisedHead).min(1).max(1000),
    /** Images of this shard without an answer. */
    failed: whole,
    durationMs: z.number().min(0),
    predictions: predictionsSchema,
  })
  .superRefine(({ shard, predictions, sample, batch, failed, model, vision }, context) => {
    if ('kind' in model !== (vision !== undefined)) {
      context.addIssue({
        code: 'custom',
        message: 'vision goes with a detector or segmenter, and only with these',
      });
    }
    const expected = shardLength(sample.count, batch, shard);
    if (shard.index > shard.of) {
      context.addIssue({ code: 'custom', message: `shard ${shard.index} of ${shard.of} does not exist` });
    } else if (predictions.lines !== expected) {
      context.addIssue({
        code: 'custom',
        message: `predictions.lines is ${predictions.lines}, the shard has ${counted(expected, 'image')}`,
      });
    } else if (failed > expected) {
      context.addIssue({ code: 'custom', message: 'more images failed than the shard has' });
    }
  });

/** Images of one shard of `total`. */
export function shardLength(
  total: number,
  batch: number,
  { index, of }: { readonly index: number; readonly of: number },
): number {
  const batches = Math.ceil(total / batch);
  const own = Math.max(0, Math.ceil((batches - (index - 1)) / of));
  const hasLast = own > 0 && (batches - 1) % of === index - 1;
  return own * batch - (hasLast ? batches * batch - total : 0);
}

export type ShardRecord = z.infer<typeof shardRecordSchema>;
