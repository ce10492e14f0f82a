/** The work of `vssm detect`: box and mask AP of a detector on COCO, dense or pruned. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DetectionScore } from '@vssm/bench';
import { type PruningPlan, refusePairing, refuseRuleFile, UserError } from '@vssm/core';
import { type CocoDataset, cocoClasses, openCoco } from '@vssm/datasets';
import type { VisionRecord } from '@vssm/results';
import type { DetectorSpec } from '@vssm/vision-tasks';
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

export type DetectOptions = VisionCommandOptions & PlanOptions & OutputOptions;

export async function detect(options: DetectOptions): Promise<void> {
  checkBackend(options);
  const model = await loadVision(options);
  const { spec } = model;
  if (spec.kind === 'upernet') throw new UserError(`${model.name}: is a segmenter; vssm segment takes it`);
  const plan = await planOf(options, spec.backbone.spec.family);
  refuseRuleFile(plan, 'vssm detect');
  refusePairing(plan, 'vssm detect');
  // A model that lists other classes than COCO's asks for a data set of those.
  const classes = model.classes?.length === cocoClasses.length ? cocoClasses : (model.classes ?? cocoClasses);
  checkClasses(model, 'COCO', classes);
  const dataset = await openCoco(dataFolder(options, 'VSSM_COCO', 'datasets/coco/README.md'), {
    classes,
    masks: spec.kind === 'maskrcnn',
    ...(options.split !== undefined && { split: options.split }),
    ...(options.max !== undefined && { limits: options.max }),
  });
  await evaluateToEnd(options, { kind: 'detection', model, plan, dataset }, (record, ended) =>
    print(options, { ...model, spec }, plan, dataset, record, ended),
  );
}

function print(
  options: DetectOptions,
  model: SourcedVisionModel<DetectorSpec>,
  plan: PruningPlan,
  { name, split, checksum }: CocoDataset,
  record: VisionRecord,
  ended: EndedVision,
): void {
  const { bbox, segm, detections, file } = ended.score as DetectionScore;
  const kept = options.out === undefined ? undefined : join(options.out, 'detections.json');
  if (kept !== undefined) copyFileSync(file, kept);
  const described = describeRun(model, plan, record, ended, options.max);
  const result = {
    ...{ dataset: name, split, datasetSha256: checksum },
    ...described,
    ...{ bbox, segm, detections },
    ...(kept !== undefined && { file: kept }),
  };
  const { before, after } = describeLines(described, `${name} ${split}`);
  const figures = (type: string, summary: typeof bbox) =>
    (['AP', 'AP50', 'AP75'] as const).map((key): [string, string] => [
      `${type} ${key}`,
      percent(summary[key]),
    ]);
  const lines = [
    ...before,
    ...figures('box', bbox),
    ...(segm === null ? [] : figures('mask', segm)),
    ...after,
    ['detections', `${detections}${result.file === undefined ? '' : `, in ${result.file}`}`] as const,
  ];
  printResult(options, result, listing(lines));
}

/** As tables print AP; -1 is COCO's way to say that nothing defines it. */
function percent(value: number): string {
  return value < 0 ? 'undefined' : (100 * value).toFixed(1);
}
