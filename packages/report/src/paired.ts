/**
 * Two plans on the same images: how much better one is, with an interval that knows the images are the same.
 * With b images right only under the first and c only under the second of n, the difference is (b - c) / n and
 * its standard error sqrt(b + c - (b - c)^2 / n) / n (Newcombe 1998, method 1; n here is in the thousands).
 */

import { join } from 'node:path';
import { type AccuracyRecord, checkPredictions, readPredictions } from '@vssm/results';
import type { Entry } from './evidence.ts';

export interface PairedDifference {
  /** First minus second, points. */
  readonly difference: number;
  /** 95 %, points. */
  readonly interval: readonly [number, number];
  readonly images: number;
}

type RightByImage = ReadonlyMap<number, boolean>;

/** Reads each prediction file once, and only if it is the one that was recorded. */
export class PairedComparison {
  readonly #read = new Map<string, RightByImage | null>();

  /** Null when the two were not run on the same images, or a prediction file is missing or another. */
  compare(first: Entry<AccuracyRecord>, second: Entry<AccuracyRecord>): PairedDifference | null {
    if (first.record.sample.idsHash !== second.record.sample.idsHash) return null;
    const a = this.#right(first);
    const b = this.#right(second);
    return a === null || b === null ? null : pairedDifference(a, b);
  }

  #right(entry: Entry<AccuracyRecord>): RightByImage | null {
    const file = join(entry.folder, entry.record.predictions.file);
    let right = this.#read.get(file);
    if (right === undefined) {
      right = checkPredictions(entry.folder, entry.record) === null ? rightByImage(file) : null;
      this.#read.set(file, right);
    }
    return right;
  }
}

function rightByImage(file: string): RightByImage {
  const right = new Map<number, boolean>();
  for (const line of readPredictions(file)) {
    if ('top' in line) right.set(line.index, line.top[0] === line.label);
  }
  return right;
}

/** Over the images that both evaluated; null when there are none. */
export function pairedDifference(first: RightByImage, second: RightByImage): PairedDifference | null {
  let images = 0;
  let onlyFirst = 0;
  let onlySecond = 0;
  for (const [image, a] of first) {
    const b = second.get(image);
    if (b === undefined) continue;
    images++;
    if (a && !b) onlyFirst++;
    if (b && !a) onlySecond++;
  }
  if (images === 0) return null;
  const net = onlyFirst - onlySecond;
  const error = Math.sqrt(onlyFirst + onlySecond - net ** 2 / images) / images;
  const difference = (100 * net) / images;
  return { difference, interval: [difference - 196 * error, difference + 196 * error], images };
}
