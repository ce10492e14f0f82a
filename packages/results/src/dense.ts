/**
 * The record of a detector or segmenter on one data set: AP as pycocotools counts it, mIoU as mmseg does. Figures
 * are percent, as tables print them; null where nothing defines them (no object of any class in the images).
 */
import { z } from 'zod';
import { count, flopsSchema, line, percent, planSchema, rowHead, sha256, text, whole } from './fields.ts';

export const denseKinds = ['upernet', 'maskrcnn', 'retinanet'] as const;

const figure = percent.nullable();

export const denseRecordSchema = z
  .strictObject({
    ...rowHead,
    kind: z.literal('dense'),
    model: z.strictObject({
      name: line(),
      kind: z.enum(denseKinds),
      /** Trainable parameters, the auxiliary head of a segmenter's training included. */
      params: whole,
      weights: z.discriminatedUnion('from', [
        z.strictObject({ from: z.literal('checkpoint'), file: line(), sha256 }),
        z.strictObject({ from: z.literal('random'), seed: whole }),
      ]),
    }),
    plan: planSchema,
    schedule: line(4000),
    dataset: z.strictObject({
      /** The published name; another one for made-up pictures. */
      name: line(),
      split: line(),
      sha256,
      /** Images in the whole split. */
      total: count,
    }),
    /** Images that the figures are over. */
    images: count,
    /** Images that could not be read; not in `images`. */
    failed: z.array(z.strictObject({ id: line(1000), error: text })).max(100_000),
    /** Only a part of the split was asked for. */
    partial: z.boolean(),
    /** By the name of the paper tables' columns. */
    figures: z.strictObject({
      boxAp: figure.optional(),
      maskAp: figure.optional(),
      miou: figure.optional(),
      macc: figure.optional(),
      aacc: figure.optional(),
    }),
    /** Of the whole model at `input`, whatever the sizes of the images. */
    flops: flopsSchema,
    /** Pixels. */
    input: z.strictObject({ height: count, width: count }),
    /** Live tokens of the backbone at `input`: at first, then after each pruning step. */
    tokens: z.array(count).min(1).max(513),
    durationMs: z.number().min(0),
  })
  .superRefine(({ images, failed, dataset, partial, model, figures }, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    const asked = images + failed.length;
    if (asked > dataset.total) refuse('images and failed exceed dataset.total');
    if (!partial && asked !== dataset.total) refuse('images of the split are missing, so it must be partial');
    const expected = { upernet: 'miou', maskrcnn: 'maskAp', retinanet: 'boxAp' } as const;
    if (figures[expected[model.kind]] === undefined) refuse(`${expected[model.kind]} is missing`);
  });

export type DenseRecord = z.infer<typeof denseRecordSchema>;
