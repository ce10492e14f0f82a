/**
 * Table 3 of the paper: mIoU on ADE20K. Its rows run where images and checkpoints are given; the smallest segmenter
 * on made-up pictures runs always, to show that everything does, and so does the one that was trained here, on scenes.
 */
import { fileURLToPath } from 'node:url';
import {
  type Arm,
  type Experiment,
  type PlainMambaModel,
  plainMambaEvit,
  plainMambaVisionRow,
  type SegmentationRow,
  stepsAfter,
  top,
  visionSmokeRows,
} from '@vssm/bench';
import { formatSchedule } from '@vssm/core';
import { pruningPlan } from '@vssm/families';

const models: readonly PlainMambaModel[] = ['plainmamba-l1', 'plainmamba-l2', 'plainmamba-l3'];

/** The segmenter that was trained here, on the scenes that ship; what fine-tuning gives back is in benchmarks/scenes. */
function scenesRow(arm: Arm | null): SegmentationRow {
  const schedule = arm === null ? [] : stepsAfter([1, 2, 3, 4, 5, 6, 7], 0.75);
  return {
    kind: 'segmentation',
    id: `scenes-${arm?.id ?? 'dense'}`,
    label: arm === null ? 'dense' : `${arm.label}, ${formatSchedule(schedule)}`,
    ...{ model: 'upernet-nano', dataset: 'fashion-scenes', paper: null },
    notes: [
      'Composed scenes, 24 of the 500 to test on, and a model far from trained to its end (datasets/fashion-scenes). Pruned without fine-tuning.',
    ],
    plan: pruningPlan({ ...arm?.options, schedule }, 'plainmamba'),
  };
}

export const experiment: Experiment = {
  id: 'table3-ade20k',
  title: 'semantic segmentation',
  paperFile: fileURLToPath(new URL('./paper.json', import.meta.url)),
  rows: [
    ...visionSmokeRows('micro-upernet'),
    ...[null, top, plainMambaEvit].map(scenesRow),
    ...models.flatMap((model) =>
      [null, top].map((arm) => {
        const row = `${model}-upernet-${arm?.id ?? 'dense'}`;
        return plainMambaVisionRow(model, 'upernet', arm, { table: 3, row });
      }),
    ),
  ],
};
