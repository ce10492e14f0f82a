/** mIoU, mAcc and aAcc of a segmenter, from the stored counts of pixels alone. */
import type { LabelMap, VisionDataset } from '@vssm/datasets';
import { type PixelCounts, SegmentationEvaluator, type SegmentationSummary } from '@vssm/metrics';
import { percent, type VisionKind } from './kind.ts';

/** Class, then its pixels in both, in the prediction and in the truth; classes without any are left out. */
type ClassCounts = readonly [label: number, intersection: number, predicted: number, labelled: number];

/** Of ADE20K's label maps: 0 is unlabelled, classes count from 1. */
const rules = { ignore: 255, reduceZeroLabel: true } as const;

export const segmentation: VisionKind<VisionDataset<LabelMap>, 'segmentation', SegmentationSummary> = {
  scoring: (dataset) => ({ kind: 'segmentation', classes: dataset.classes.length }),

  async result(dataset, index, answer) {
    if (answer.kind !== 'labels') throw new Error('a detector answered where a segmenter was asked');
    const { labels: truth } = await dataset.truth(index);
    const classes = dataset.classes.length;
    return present(new SegmentationEvaluator({ ...rules, classes }).add(answer.labels, truth));
  },

  score(lines, { classes }) {
    const evaluator = new SegmentationEvaluator({ ...rules, classes });
    for (const line of lines) {
      if (!('error' in line)) evaluator.addCounts(countsOf(line.result as ClassCounts[], classes));
    }
    return evaluator.summary();
  },

  figures: ({ mIoU, mAcc, aAcc }) => ({ miou: percent(mIoU), macc: percent(mAcc), aacc: percent(aAcc) }),
};

function present({ intersection, predicted, labelled }: PixelCounts): ClassCounts[] {
  return Array.from(
    labelled,
    (pixels, label) => [label, intersection[label], predicted[label], pixels] as const,
  ).filter(([, , inPrediction, inTruth]) => inPrediction > 0 || inTruth > 0);
}

function countsOf(rows: readonly ClassCounts[], classes: number): PixelCounts {
  const [intersection, predicted, labelled] = [0, 1, 2].map(() => new Float64Array(classes));
  for (const [label, both, inPrediction, inTruth] of rows) {
    intersection[label] = both;
    predicted[label] = inPrediction;
    labelled[label] = inTruth;
  }
  return { intersection, predicted, labelled };
}
