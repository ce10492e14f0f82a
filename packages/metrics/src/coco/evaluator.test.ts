import { describe, expect, it } from 'vitest';
import {
  type DetectionsFile,
  describedDetections,
  describedObjects,
  type ExpectedScores,
  type TruthFile,
  testJson,
} from '../test-support/test-data.ts';
import { detectionOf, trueObjectOf } from './described.ts';
import { CocoEvaluator } from './evaluator.ts';
import { type Detection, overlapTypes, type TrueObject } from './objects.ts';
import type { CocoSummary } from './summarise.ts';

interface Evaluation {
  readonly truth: TruthFile;
  readonly detections: DetectionsFile;
  readonly expected: ExpectedScores;
}

const golden: Evaluation = {
  truth: testJson('coco/gt.json'),
  detections: testJson('coco/detections.json'),
  expected: testJson('coco/expected.json'),
};
const { evaluations } = testJson<{ evaluations: readonly Evaluation[] }>('pycocotools/cases.json');
const cases = [golden, ...evaluations].flatMap((evaluation, index) =>
  overlapTypes.map((type) => ({ index, type, ...evaluation })),
);

function score({ truth, detections }: Evaluation, type: 'bbox' | 'segm', images = truth.images): CocoSummary {
  const evaluator = new CocoEvaluator(
    type,
    truth.categories.map(({ id }) => id),
  );
  for (const image of images) {
    evaluator.add(
      image.id,
      describedObjects(truth, image.id).map((object) => trueObjectOf(object, type, image, 'object')),
      describedDetections(detections, image.id).map((found) => detectionOf(found, type, image, 'detection')),
    );
  }
  return evaluator.summary();
}

/** Both sides are float64 and differ in the order of their sums only. */
function expectEqual(found: CocoSummary, expected: CocoSummary): void {
  const { per_category_AP: foundPer, ...figures } = found;
  const { per_category_AP: expectedPer, ...wanted } = expected;
  expect(Object.keys(figures)).toEqual(Object.keys(wanted));
  expect(Object.keys(foundPer)).toEqual(Object.keys(expectedPer));
  const all: Readonly<Record<string, number>> = { ...figures, ...foundPer };
  for (const [name, value] of Object.entries({ ...wanted, ...expectedPer })) {
    const ours = all[name];
    expect(Math.abs(ours - value), `${name}: ${ours}, expected ${value}`).toBeLessThan(1e-12);
  }
}

describe('CocoEvaluator', () => {
  it.each(cases)('gives the figures of pycocotools, set $index, $type', (evaluation) => {
    expectEqual(score(evaluation, evaluation.type), evaluation.expected[evaluation.type]);
  });

  it('does not depend on the order in which images come', () => {
    const reversed = golden.truth.images.toReversed();
    expect(score(golden, 'bbox', reversed)).toEqual(score(golden, 'bbox'));
  });
});

const object = (more: Partial<TrueObject> = {}): TrueObject => ({
  id: 1,
  category: 1,
  box: [0, 0, 10, 10],
  area: 100,
  crowd: false,
  ...more,
});
const found = (score: number, more: Partial<Detection> = {}): Detection => ({
  category: 1,
  score,
  box: [0, 0, 10, 10],
  area: 100,
  ...more,
});

function scoreOne(objects: readonly TrueObject[], detections: readonly Detection[]): CocoSummary {
  const evaluator = new CocoEvaluator('bbox', [1]);
  evaluator.add(5, objects, detections);
  return evaluator.summary();
}

describe('the rules, one by one', () => {
  it('gives one for a perfect answer, and -1 where nothing of that size exists', () => {
    const summary = scoreOne([object()], [found(0.9)]);
    // Precision is right / (right + wrong + 2.2e-16), which is not quite 1.
    expect(summary.AP).toBeCloseTo(1, 12);
    expect(summary).toMatchObject({ AR1: 1, AR100: 1, ARs: 1, APm: -1, ARl: -1 });
  });

  it('gives -1 for everything when there is nothing to find', () => {
    const { per_category_AP, ...figures } = scoreOne([], [found(0.9)]);
    expect(new Set(Object.values(figures))).toEqual(new Set([-1]));
    expect(per_category_AP).toEqual({ 1: -1 });
  });

  it('gives 0 when nothing is found', () => {
    expect(scoreOne([object()], [])).toMatchObject({ AP: 0, AR100: 0, per_category_AP: { 1: 0 } });
  });

  it('counts a second detection of one object as wrong', () => {
    const twice = scoreOne(
      [object(), object({ id: 2, box: [50, 50, 10, 10] })],
      [found(0.9), found(0.8), found(0.7, { box: [50, 50, 10, 10] })],
    );
    // Recall .5 at precision 1 (51 of the 101 points), then recall 1 at 2/3.
    expect(twice.AP50).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 12);
  });

  it('lets any number of detections lie in a crowd', () => {
    const crowd = object({ id: 2, crowd: true, box: [100, 0, 80, 80], area: 6400 });
    const inside = [1, 2, 3].map((at) => found(0.9 + at / 100, { box: [100 + 10 * at, 20, 10, 10] }));
    expect(scoreOne([object(), crowd], [...inside, found(0.5)]).AP).toBeCloseTo(1, 12);
  });

  it('counts an object as found from an overlap of exactly the threshold on', () => {
    // 5 of 10 pixels: an overlap of 1/2, the first threshold.
    const { AR100, AP50 } = scoreOne([object({ box: [0, 0, 10, 1] })], [found(0.9, { box: [0, 0, 5, 1] })]);
    expect(AP50).toBeCloseTo(1, 12);
    expect(AR100).toBeCloseTo(0.1, 12);
  });

  it('looks at the hundred surest detections of a category in an image', () => {
    const elsewhere = Array.from({ length: 100 }, () => found(0.9, { box: [200, 200, 5, 5] }));
    expect(scoreOne([object()], [...elsewhere, found(0.5)]).AR100).toBe(0);
    expect(scoreOne([object()], [...elsewhere.slice(1), found(0.5)]).AR100).toBe(1);
  });

  it('refuses what only a mistake in the program can bring', () => {
    const evaluator = new CocoEvaluator('segm', [1]);
    expect(() => evaluator.add(1, [object()], [found(1)])).toThrow('one is missing');
    expect(() => evaluator.add(1, [], [])).toThrow('image 1 was added before');
    expect(() => evaluator.add(2, [object({ category: 9 })], [])).toThrow('category 9');
  });
});
