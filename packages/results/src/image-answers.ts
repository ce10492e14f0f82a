/**
 * Per-image answers of a detector or segmenter, one JSON line an image behind a header that says what scoring them
 * needs. Every answer holds the image's truth too, so that figures follow from this file alone.
 */
import { UserError } from '@vssm/core';
import { z } from 'zod';
import { AnswerFile, type LineFormat } from './answer-file.ts';
import { drawnImageSchema } from './drawn.ts';

const format = 'vssm-image-answers-1';

/** What scoring needs to know beside the lines. */
export const scoringSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('detection'),
    /** Ids of all categories, whether or not any object has them. */
    categories: z.array(z.number().int()).max(100_000),
    masks: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('segmentation'), classes: z.number().int().min(1).max(100_000) }),
]);
export type Scoring = z.infer<typeof scoringSchema>;

const lineSchema = z.union([
  z.strictObject({
    index: z.number().int().min(0),
    id: z.string().max(1000),
    /** Of the kind that the header names. */
    result: z.unknown(),
    /** What a report draws; kept for the first few images. */
    drawn: drawnImageSchema.optional(),
  }),
  z.strictObject({ index: z.number().int().min(0), id: z.string().max(1000), error: z.string().max(8000) }),
]);
export type ImageAnswerLine = z.infer<typeof lineSchema>;

export type ImageAnswers = AnswerFile<ImageAnswerLine>;

/** @throws UserError for a line that is none */
export function imageAnswerLines(scoring: Scoring): LineFormat<ImageAnswerLine> {
  return {
    header: JSON.stringify({ format, scoring }),
    format: (line) => JSON.stringify(line),
    parse(text, where) {
      const parsed = lineSchema.safeParse(json(text));
      if (!parsed.success)
        throw new UserError(`${where}: is damaged; delete the file or choose another folder`);
      return parsed.data;
    },
    failed: (line) => 'error' in line,
  };
}

/** @throws UserError for a file of other answers */
export function openImageAnswers(file: string, scoring: Scoring): ImageAnswers {
  return new AnswerFile(file, imageAnswerLines(scoring));
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
