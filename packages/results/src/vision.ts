/**
 * The record of a detector or segmenter on one data set: AP as pycocotools counts it, mIoU as mmseg does. Figures
 * are percent, as tables print them; null where nothing defines them (no object of any class in the images).
 */
import { familySchema } from '@vssm/families/schema';
import { z } from 'zod';
import { type DrawnImage, drawnImageSchema, drawnLimits } from './drawn.ts';
import { predictionsSchema } from './evaluated.ts';
import { count, flopsSchema, line, percent, planSchema, rowHead, sha256, text, whole } from './fields.ts';

const visionKinds = ['upernet', 'maskrcnn', 'retinanet'] as const;

const figure = percent.nullable();

/** Where operations and time go; the networks' parts, and what lies between and behind them. */
export const visionRecordParts = [
  'embed',
  'spatial prior',
  'injectors',
  'layers',
  'pruning',
  'extractors',
  'maps',
  'pyramid',
  'anchors',
  'proposals',
  'boxes',
  'detections',
  'masks',
  'pasted masks',
  'head',
  'label map',
] as const;

const operations = z.number().min(0);

export const visionModelSchema = z.strictObject({
  name: line(),
  kind: z.enum(visionKinds),
  /** Family of the backbone. Not in older files. */
  backbone: z.strictObject({ family: familySchema }).optional(),
  /** Trainable parameters, the auxiliary head of a segmenter's training included. */
  params: whole,
  weights: z.discriminatedUnion('from', [
    z.strictObject({ from: z.literal('checkpoint'), file: line(), sha256 }),
    z.strictObject({ from: z.literal('random'), seed: whole }),
  ]),
});

/** In the order of the work. */
export const visionPartsSchema = z
  .array(
    z.strictObject({
      part: z.enum(visionRecordParts),
      /** Adds up to `flops`; null for what is not counted. */
      gflops: z.strictObject({ paper: operations, strict: operations }).nullable(),
      /**
       * Mean over the images that the run answered which ended the evaluation, ms inside one thread; null for what is
       * timed within another part.
       */
      ms: z.number().min(0).nullable(),
    }),
  )
  .max(visionRecordParts.length);

/** Pixels. */
export const inputSchema = z.strictObject({ height: count, width: count });

export const visionRecordSchema = z
  .strictObject({
    ...rowHead,
    kind: z.literal('vision'),
    model: visionModelSchema,
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
    /** Only a part of the split was asked for, or some of its images could not be read. */
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
    parts: visionPartsSchema.optional(),
    input: inputSchema,
    /** Live tokens of the backbone at `input`: at first, then after each pruning step. */
    tokens: z.array(count).min(1).max(513),
    durationMs: z.number().min(0),
    /** Since version 2. */
    predictions: predictionsSchema.optional(),
    /** The first few images. */
    drawn: z.array(drawnImageSchema).max(drawnLimits.images).optional(),
  })
  .superRefine((record, context) => {
    const { images, failed, dataset, partial, model, figures, flops, parts, plan, drawn } = record;
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    const asked = images + failed.length;
    if (asked > dataset.total) refuse('images and failed exceed dataset.total');
    if (!partial && asked !== dataset.total) refuse('images of the split are missing, so it must be partial');
    const expected = { upernet: 'miou', maskrcnn: 'maskAp', retinanet: 'boxAp' } as const;
    if (figures[expected[model.kind]] === undefined) refuse(`${expected[model.kind]} is missing`);
    for (const profile of ['paper', 'strict'] as const) {
      const sum = parts?.reduce((total, { gflops }) => total + (gflops?.[profile] ?? 0), 0);
      if (sum !== undefined && Math.abs(sum - flops[profile]) > 1e-9 * flops[profile]) {
        refuse(`parts do not add up to flops.${profile}`);
      }
    }
    for (const image of drawn ?? []) {
      const wrong = misdrawn(image, model.kind, plan.schedule);
      if (wrong !== null) refuse(`image ${image.id}: ${wrong}`);
    }
  });

/** How a drawn image does not go with its record, or null. */
function misdrawn(
  { prediction, windows }: DrawnImage,
  kind: (typeof visionKinds)[number],
  schedule: readonly { readonly after: number }[],
): string | null {
  if ((prediction.kind === 'labels') !== (kind === 'upernet')) return `${prediction.kind} of a ${kind}`;
  if (prediction.kind === 'detections') {
    const masked = prediction.best.filter(({ mask }) => mask !== null).length;
    if (masked !== (kind === 'maskrcnn' ? prediction.best.length : 0)) {
      return kind === 'maskrcnn' ? 'a mask is missing' : `masks of a ${kind}`;
    }
  }
  const steps = schedule.map(({ after }) => after).join();
  const kept = windows.every((window) => window.kept.map(({ after }) => after).join() === steps);
  return kept ? null : 'kept cells are not those of the schedule';
}

export type VisionRecord = z.infer<typeof visionRecordSchema>;
