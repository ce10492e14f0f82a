/** Two plans on the same images: how much better one is, with an interval that knows the images are the same. */

import { join } from 'node:path';
import { type AccuracyRecord, checkPredictions, readPredictions, readRightAnswers } from '@vssm/results';
import { pairedMean } from '@vssm/results/statistics';
import type { Entry } from './evidence.ts';

export interface PairedDifference {
  /** First minus second, points. */
  readonly difference: number;
  /** 95 %, points. */
  readonly interval: readonly [number, number];
  readonly images: number;
}

type RightByImage = ReadonlyMap<number, boolean>;

/**
 * Reads each prediction file once, and only if it is the one that was recorded; where there is none, what has been kept
 * of it.
 */
export class PairedComparison {
  readonly #read = new Map<string, RightByImage | null>();
  readonly #kept = new Map<string, ReturnType<typeof readRightAnswers>>();

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
      const whole = checkPredictions(entry.folder, entry.record) === null;
      right = whole ? rightByImage(file) : this.#keptOf(entry);
      this.#read.set(file, right);
    }
    return right;
  }

  #keptOf({ folder, record }: Entry<AccuracyRecord>): RightByImage | null {
    const kept = this.#kept.get(folder) ?? readRightAnswers(folder);
    this.#kept.set(folder, kept);
    const right = kept.get(record.predictions.sha256);
    return right === undefined ? null : new Map(right.entries());
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
  const differences: number[] = [];
  for (const [image, a] of first) {
    const b = second.get(image);
    if (b !== undefined) differences.push(100 * (Number(a) - Number(b)));
  }
  if (differences.length === 0) return null;
  const { mean, interval } = pairedMean(differences);
  return { difference: mean, interval, images: differences.length };
}
