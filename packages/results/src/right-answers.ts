/**
 * Which images a result has right, one bit an image, for results that ship without their predictions: enough for
 * differences image by image, in a hundredth of the space. A file `right.jsonl` beside the results, one line for each
 * predictions file:
 *
 *   predictions   SHA-256 of the file, as the record names it
 *   images        how many there are; the k-th line of the file is the image of index k
 *   right         which of them are right, see packRight
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { z } from 'zod';
import type { PredictionLine } from './predictions.ts';
import { packRight, unpackRight } from './right-images.ts';

export const rightAnswersFile = 'right.jsonl';

/** Largest file that is read, bytes. */
const largest = 64 * 2 ** 20;

const lineSchema = z.strictObject({
  predictions: z.string().regex(/^[0-9a-f]{64}$/),
  images: z.int().positive().max(1e6),
  right: z.base64(),
});

/**
 * One line, without its newline.
 *
 * @throws Error unless the predictions are of all images from the first on, each with an answer
 */
export function rightAnswersLine(sha256: string, predictions: readonly PredictionLine[]): string {
  const right = predictions.map((line, at) => {
    if (line.index !== at || 'error' in line) throw new Error(`right answers: no answer to image ${at}`);
    return line.top[0] === line.label;
  });
  return JSON.stringify({ predictions: sha256, images: right.length, right: packRight(right) });
}

/**
 * Of every line, by the hash of its predictions: whether each image is right. Empty where the folder has no such file.
 *
 * @throws UserError naming file and line of what is none
 */
export function readRightAnswers(folder: string): ReadonlyMap<string, readonly boolean[]> {
  const file = join(folder, rightAnswersFile);
  if (!existsSync(file)) return new Map();
  const { size } = statSync(file);
  if (size > largest)
    throw new UserError(`${file}: ${size} bytes are more than the ${largest} that are read`);
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return new Map(lines.map((text, at) => rightAnswers(text, `${file} line ${at + 1}`)));
}

function rightAnswers(text: string, where: string): [string, readonly boolean[]] {
  const line = lineSchema.safeParse(jsonOf(text));
  const bytes = line.success ? Buffer.from(line.data.right, 'base64').length : -1;
  if (!line.success || bytes !== Math.ceil(line.data.images / 8)) {
    throw new UserError(`${where}: no line of right answers; copy the folder anew`);
  }
  const { predictions, images, right } = line.data;
  return [predictions, unpackRight(right, images)];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
