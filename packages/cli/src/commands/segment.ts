/** `vssm segment`: mIoU, mAcc and aAcc of an UperNet on ADE20K, dense or pruned. */
import { evaluateSegmentation, type SegmentationOutcome } from '@vssm/bench';
import { type PruningPlan, UserError } from '@vssm/core';
import { adeClasses, type DenseDataset, openAde20k } from '@vssm/datasets';
import type { UperNetSpec } from '@vssm/vision-tasks';
import { Command } from 'commander';
import {
  addDenseOptions,
  checkClasses,
  type DenseCommandOptions,
  dataFolder,
  describeLines,
  describeRun,
  evaluateToEnd,
  loadDense,
  type SourcedDenseModel,
} from '../options/dense.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';

type Options = DenseCommandOptions & PlanOptions & OutputOptions;

export function segmentCommand(): Command {
  const command = new Command('segment').description(
    'mIoU, mAcc and aAcc of an UperNet on ADE20K, dense or pruned',
  );
  return addPlanOptions(
    addDenseOptions(command, {
      where: 'ADEChallengeData2016, its folder or .zip, or what holds it; default: VSSM_ADE20K',
      kind: /upernet/,
    }),
  ).action(run);
}

async function run(options: Options): Promise<void> {
  const model = await loadDense(options);
  const { spec } = model;
  if (spec.kind !== 'upernet') throw new UserError(`${model.name}: is a detector; vssm detect takes it`);
  const { family } = spec.backbone;
  const plan = planOf(options, family);
  checkClasses(model, 'ADE20K', adeClasses);
  const dataset = await openAde20k(dataFolder(options, 'VSSM_ADE20K', 'datasets/ade20k/README.md'), {
    recipe: family === 'vim' ? 'vim-ade20k' : 'plainmamba-ade20k',
    ...(options.split !== undefined && { split: options.split }),
    ...(options.max !== undefined && { limits: options.max }),
  });
  const outcome = await evaluateToEnd(options, spec, dataset, (run) =>
    evaluateSegmentation({ model, plan, dataset, ...run }),
  );
  if (outcome !== null) print(options, { ...model, spec }, plan, dataset, outcome);
}

function print(
  options: Options,
  model: SourcedDenseModel<UperNetSpec>,
  plan: PruningPlan,
  { name, split, checksum, samples, classes }: DenseDataset<unknown>,
  outcome: Extract<SegmentationOutcome, { state: 'done' }>,
): void {
  const { mIoU, mAcc, aAcc, IoU, Acc } = outcome.summary;
  const described = describeRun(model, plan, outcome, samples.length, options.max);
  // Undefined figures, NaN, become null in JSON.
  const result = {
    ...{ dataset: name, split, datasetSha256: checksum },
    ...described,
    ...{ mIoU, mAcc, aAcc },
    perClass: classes.map((label, index) => ({ label, IoU: IoU[index], Acc: Acc[index] })),
  };
  const { before, after } = describeLines(described, `${name} ${split}`);
  const figures = Object.entries({ mIoU, mAcc, aAcc }).map(([figure, share]): [string, string] => [
    figure,
    Number.isNaN(share) ? 'undefined' : `${(100 * share).toFixed(2)} %`,
  ]);
  printResult(options, result, listing([...before, ...figures, ...after]));
}
