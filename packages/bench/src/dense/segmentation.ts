/** mIoU, mAcc and aAcc of a segmenter. */
import type { DenseDataset, LabelMap } from '@vssm/datasets';
import { type PixelCounts, SegmentationEvaluator, type SegmentationSummary } from '@vssm/metrics';
import { answerImages, type DenseEvaluation, type DenseTotals, type Stopped } from './evaluation.ts';

export type SegmentationOutcome =
  | ({ readonly state: 'done' } & DenseTotals & { readonly summary: SegmentationSummary })
  | Stopped;

/** Class, then its pixels in both, in the prediction and in the truth; classes without any are left out. */
type ClassCounts = readonly [label: number, intersection: number, predicted: number, labelled: number];

/** Of ADE20K's label maps: 0 is unlabelled, classes count from 1. */
const rules = { ignore: 255, reduceZeroLabel: true } as const;

/** @throws UserError, see answerImages */
export async function evaluateSegmentation(
  request: DenseEvaluation<DenseDataset<LabelMap>>,
): Promise<SegmentationOutcome> {
  const { dataset } = request;
  const classes = dataset.classes.length;
  const outcome = await answerImages(
    request,
    async (index, answer) => {
      if (answer.kind !== 'labels') throw new Error('a detector answered where a segmenter was asked');
      const { labels: truth } = await dataset.truth(index);
      return present(new SegmentationEvaluator({ ...rules, classes }).add(answer.labels, truth));
    },
    async (answered) => {
      const evaluator = new SegmentationEvaluator({ ...rules, classes });
      for (const { result } of answered) evaluator.addCounts(countsOf(result as ClassCounts[], classes));
      return evaluator.summary();
    },
  );
  if (outcome.state === 'stopped') return outcome;
  const { result: summary, ...totals } = outcome;
  return { ...totals, summary };
}

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
