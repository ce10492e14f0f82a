import { describe, expect, it } from 'vitest';
import { testBytes, testJson } from '../test-support/test-data.ts';
import { type PixelCounts, SegmentationEvaluator } from './miou.ts';

interface MiouCase {
  readonly reduce_zero_label: boolean;
  readonly ignore_index: number;
  readonly num_classes: number;
  readonly total_intersect: readonly number[];
  readonly total_union: readonly number[];
  readonly per_image: readonly {
    readonly intersect: readonly number[];
    readonly pred: readonly number[];
    readonly label: readonly number[];
  }[];
  readonly IoU: readonly (number | null)[];
  readonly Acc: readonly (number | null)[];
  readonly aAcc: number;
  readonly mIoU: number;
  readonly mAcc: number;
}

const { cases } = testJson<{ cases: Readonly<Record<string, MiouCase>> }>('miou/expected.json');

/** The U8 tensors of a safetensors file: length of the header, header, data. */
function byteTensors(bytes: Buffer): ReadonlyMap<string, Uint8Array> {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            data_offsets: [from, to],
          },
        ]) => [name, bytes.subarray(start + from, start + to)],
      ),
  );
}

const maps = byteTensors(testBytes('miou/maps.safetensors'));

/** mmseg computed in float32: one rounding of the quotient, a few more of the mean. */
function expectClose(found: number, expected: number | null): void {
  if (expected === null) expect(found).toBeNaN();
  else expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected));
}

describe('SegmentationEvaluator', () => {
  it.each(Object.keys(cases))('counts as mmseg does, %s', (name) => {
    const given = cases[name];
    const evaluator = new SegmentationEvaluator({
      classes: given.num_classes,
      ignore: given.ignore_index,
      reduceZeroLabel: given.reduce_zero_label,
    });
    for (const [index, { intersect, pred, label }] of given.per_image.entries()) {
      const counts = evaluator.add(maps.get(`${name}.pred${index}`)!, maps.get(`${name}.label${index}`)!);
      const expected: PixelCounts = {
        intersection: Float64Array.from(intersect),
        predicted: Float64Array.from(pred),
        labelled: Float64Array.from(label),
      };
      expect(counts).toEqual(expected);
    }
    expect([...evaluator.totals.intersection]).toEqual(given.total_intersect);
    const summary = evaluator.summary();
    for (const key of ['aAcc', 'mIoU', 'mAcc'] as const) expectClose(summary[key], given[key]);
    for (const key of ['IoU', 'Acc'] as const) {
      expect(summary[key]).toHaveLength(given.num_classes);
      for (const [label, value] of summary[key].entries()) expectClose(value, given[key][label]);
    }
  });

  it('maps labels in mmseg’s order when 0 is reduced, and ignores elsewhere what it is told to', () => {
    const reduced = new SegmentationEvaluator({ classes: 3, ignore: 255, reduceZeroLabel: true });
    reduced.add([0, 1, 2, 0, 0], [1, 2, 3, 0, 255]);
    expect(reduced.summary()).toMatchObject({ mIoU: 1, mAcc: 1, aAcc: 1 });
    const plain = new SegmentationEvaluator({ classes: 3, ignore: 7, reduceZeroLabel: false });
    plain.add([0, 1, 2, 0], [0, 1, 7, 2]);
    expect(plain.summary()).toMatchObject({ IoU: [0.5, 1, 0], Acc: [1, 1, 0] });
  });

  it('counts a predicted class that does not exist as wrong, and says how often', () => {
    const evaluator = new SegmentationEvaluator({ classes: 2, ignore: 255, reduceZeroLabel: false });
    evaluator.add([5, 1, 5], [0, 1, 255]);
    expect(evaluator.summary()).toMatchObject({ IoU: [0, 1], aAcc: 0.5 });
    expect(evaluator.foreignPixels).toBe(1);
    expect(evaluator.unknownPixels).toBe(0);
  });

  it('counts a true class that does not exist for nothing, and says how often', () => {
    const evaluator = new SegmentationEvaluator({ classes: 2, ignore: 255, reduceZeroLabel: true });
    evaluator.add([0, 1, 1, 0], [1, 2, 77, 0]);
    expect(evaluator.summary().aAcc).toBe(1);
    expect(evaluator.unknownPixels).toBe(1);
  });

  it('counts an image again from its own counts', () => {
    const rules = { classes: 3, ignore: 255, reduceZeroLabel: true };
    const [direct, stored] = [new SegmentationEvaluator(rules), new SegmentationEvaluator(rules)];
    for (const predicted of [
      [0, 1, 2, 0],
      [2, 2, 0, 1],
    ])
      stored.addCounts(direct.add(predicted, [1, 2, 2, 0]));
    expect(stored.summary()).toEqual(direct.summary());
    expect(stored.images).toBe(2);
  });

  it('is NaN before anything was counted, and refuses maps of two sizes', () => {
    const evaluator = new SegmentationEvaluator({ classes: 2, ignore: 255, reduceZeroLabel: false });
    expect(evaluator.summary().mIoU).toBeNaN();
    expect(() => evaluator.add([0], [0, 0])).toThrow(RangeError);
  });
});
