/** mIoU of a segmenter on a data set, through the inference engine: what `vssm segment` says of the same model. */
import { CpuSegmenter } from '@vssm/backend-cpu';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { LabelMap, VisionDataset } from '@vssm/datasets';
import { SegmentationEvaluator } from '@vssm/metrics';
import { segmentImage, type UperNetSpec } from '@vssm/vision-tasks';
import type { SegmentationEvaluation } from './log.ts';

export interface SegmenterEvaluationRequest {
  readonly spec: UperNetSpec;
  readonly plan: PruningPlan;
  readonly dataset: VisionDataset<LabelMap>;
  readonly threads: number;
  /** Only the first so many images; 0: all. */
  readonly limit?: number;
  /** Asked before every image; true ends it. */
  readonly stopped?: (() => boolean) | undefined;
}

/**
 * Undefined when it was stopped.
 *
 * @throws UserError where no image can be read
 */
export async function evaluateSegmenter(
  { spec, plan, dataset, threads, limit = 0, stopped }: SegmenterEvaluationRequest,
  weights: Weights,
): Promise<SegmentationEvaluation | undefined> {
  const { samples, classes } = dataset;
  const asked = limit === 0 ? samples.length : Math.min(limit, samples.length);
  // Labels as ADE20K stores them.
  const evaluator = new SegmentationEvaluator({
    classes: classes.length,
    ignore: 255,
    reduceZeroLabel: true,
  });
  const failed: { id: string; error: string }[] = [];
  const model = await CpuSegmenter.create(spec, weights, plan, { threads });
  try {
    for (const { index, id } of samples.slice(0, asked)) {
      if (stopped?.() === true) return undefined;
      try {
        const { pixels: values, height, width, original } = await dataset.load(index);
        const { labels } = await dataset.truth(index);
        const image = { channels: 3, height, width, values };
        evaluator.add(await segmentImage(spec, model.forSample(index), image, original), labels);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        failed.push({ id, error: error.message });
      }
    }
  } finally {
    await model.dispose();
  }
  const count = asked - failed.length;
  if (count === 0) throw new UserError(`evaluation: no image could be read; the first: ${failed[0]?.error}`);
  const { mIoU, mAcc, aAcc } = evaluator.summary();
  return {
    ...{ count, miou: percent(mIoU), macc: percent(mAcc), aacc: percent(aAcc) },
    ...(failed.length > 0 && { failed }),
  };
}

/** Undefined figures are NaN with mmseg. */
function percent(share: number): number | null {
  return Number.isNaN(share) ? null : 100 * share;
}
