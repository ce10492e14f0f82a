/** The work of `vssm segment`: mIoU, mAcc and aAcc of an UperNet on ADE20K, dense or pruned. */
import { basename, resolve } from 'node:path';
import { type PruningPlan, refusePairing, refuseRuleFile, UserError } from '@vssm/core';
import { openAde20k, titleOf, type VisionDataset } from '@vssm/datasets';
import { segmentationRecipeOf } from '@vssm/families';
import type { SegmentationSummary } from '@vssm/metrics';
import type { VisionRecord } from '@vssm/results';
import type { UperNetSpec } from '@vssm/vision-tasks';
import { type PlanOptions, planOf } from '../options/plan.ts';
import type { VisionCommandOptions } from '../options/vision.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import {
  checkBackend,
  checkClasses,
  dataFolder,
  describeLines,
  describeRun,
  type EndedVision,
  evaluateToEnd,
  loadVision,
  type SourcedVisionModel,
} from '../vision-run.ts';

export type SegmentOptions = VisionCommandOptions & PlanOptions & OutputOptions;

export async function segment(options: SegmentOptions): Promise<void> {
  checkBackend(options);
  const model = await loadVision(options);
  const { spec } = model;
  if (spec.kind !== 'upernet') throw new UserError(`${model.name}: is a detector; vssm detect takes it`);
  const { family } = spec.backbone;
  const plan = await planOf(options, family);
  refuseRuleFile(plan, 'vssm segment');
  refusePairing(plan, 'vssm segment');
  const folder = dataFolder(options, 'VSSM_ADE20K', 'datasets/ade20k/README.md');
  const dataset = await openAde20k(folder, {
    recipe: segmentationRecipeOf(family),
    ...(options.split !== undefined && { split: options.split }),
    ...(options.max !== undefined && { limits: options.max }),
  });
  try {
    checkClasses(model, titleOf(dataset), dataset.classes);
  } catch (error) {
    await dataset.close();
    throw error;
  }
  await evaluateToEnd(options, { kind: 'segmentation', model, plan, dataset }, (record, ended) =>
    print(options, { ...model, spec }, plan, { dataset, folder }, record, ended),
  );
}

function print(
  options: SegmentOptions,
  model: SourcedVisionModel<UperNetSpec>,
  plan: PruningPlan,
  { dataset, folder }: { readonly dataset: VisionDataset<unknown>; readonly folder: string },
  record: VisionRecord,
  ended: EndedVision,
): void {
  const { name, split, checksum, classes } = dataset;
  const { mIoU, mAcc, aAcc, IoU, Acc } = ended.score as SegmentationSummary;
  const described = describeRun(model, plan, record, ended, options.max);
  // Undefined figures, NaN, become null in JSON.
  const result = {
    ...{ dataset: name, split, datasetSha256: checksum },
    ...described,
    ...{ mIoU, mAcc, aAcc },
    perClass: classes.map((label, index) => ({ label, IoU: IoU[index], Acc: Acc[index] })),
  };
  const { before, after } = describeLines(described, `${basename(resolve(folder))} ${split}`);
  const figures = Object.entries({ mIoU, mAcc, aAcc }).map(([figure, share]): [string, string] => [
    figure,
    Number.isNaN(share) ? 'undefined' : `${(100 * share).toFixed(2)} %`,
  ]);
  printResult(options, result, listing([...before, ...figures, ...after]));
}
