import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPredictions, rightAnswersFile, rightAnswersLine } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { gatherEvidence } from './gather.ts';
import { PairedComparison, pairedDifference } from './paired.ts';
import { writeMadeUpRun } from './test-support/made-up.ts';

const rightFor = (images: readonly number[]) =>
  new Map(Array.from({ length: 100 }, (_, image) => [image, images.includes(image)]));

describe('pairedDifference', () => {
  it('counts only the images on which the two differ', () => {
    // Both right on 0 to 9; only the first on 10 to 15, only the second on 20 and 21: (6 - 2) / 100.
    const first = rightFor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    const second = rightFor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21]);
    const { difference, interval, images } = pairedDifference(first, second)!;
    expect(difference).toBeCloseTo(4, 12);
    expect(images).toBe(100);
    // sqrt(8 - 16 / 100) / 100 = 0.028; 1.96 of it are 5.488 points.
    expect(interval[0]).toBeCloseTo(4 - 5.488, 3);
    expect(interval[1]).toBeCloseTo(4 + 5.488, 3);
  });

  it('of a plan with itself is nothing, of disjoint images unknown', () => {
    expect(pairedDifference(rightFor([1]), rightFor([1]))).toMatchObject({ difference: 0, interval: [0, 0] });
    expect(pairedDifference(rightFor([1]), new Map())).toBeNull();
  });
});

describe('PairedComparison', () => {
  it('agrees with the recorded accuracies, and is silent for a file that is not the recorded one', () => {
    const { accuracy } = gatherEvidence([writeMadeUpRun().folder], []);
    const [dense, other] = accuracy;
    const result = new PairedComparison().compare(dense, other);
    expect(result?.difference).toBeCloseTo(dense.record.top1 - other.record.top1, 9);
    const predictions = { ...other.record.predictions, sha256: '0'.repeat(64) };
    const changed = { ...other, record: { ...other.record, predictions } };
    expect(new PairedComparison().compare(dense, changed)).toBeNull();
  });

  it('needs of predictions that were not shipped only which are right', () => {
    const { accuracy } = gatherEvidence([writeMadeUpRun().folder], []);
    const [first, second] = accuracy;
    const whole = new PairedComparison().compare(first, second);
    const lines = [first, second].map(({ folder, record: { predictions } }) => {
      const file = join(folder, predictions.file);
      const line = rightAnswersLine(predictions.sha256, readPredictions(file));
      rmSync(file);
      return `${line}\n`;
    });
    expect(new PairedComparison().compare(first, second)).toBeNull();
    writeFileSync(join(first.folder, rightAnswersFile), lines.join(''));
    expect(whole).not.toBeNull();
    expect(new PairedComparison().compare(first, second)).toEqual(whole);
  });
});
