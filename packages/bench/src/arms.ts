/**
 * The ways of pruning that the paper compares, and the two miniature settings shared by its tables, so that a
 * row which several tables show is the same row in each and is evaluated once.
 */
import { basename } from 'node:path';
import { formatSchedule, type PruningStep, type RuleFile } from '@vssm/core';
import { densePlan, families, type ModelFamily, pruningPlan } from '@vssm/families';
import { type Arm, type ArmPlace, armRows, type Experiment, stepsAfter } from './experiment.ts';
import type { AccuracyRow } from './kinds/accuracy.ts';
import type { DetectionRow } from './kinds/detection.ts';
import type { ExperimentRow } from './kinds/index.ts';
import type { SegmentationRow } from './kinds/segmentation.ts';
import type { SpeedRow } from './kinds/speed.ts';
import { benchModels, type ModelId } from './models.ts';

export type VisionRow = DetectionRow | SegmentationRow;

/** Clipped sum, the state's decay over the gaps and the convolution's original neighbourhood: our ToP. */
export const top: Arm = {
  id: 'top',
  label: 'ToP: clip, decay + positional',
  options: { signal: 'gated', reduce: 'clip', alignment: 'decay', conv: 'positional' },
};

export const evit: Arm = {
  id: 'evit',
  label: 'EViT rule',
  options: { signal: 'evit', alignment: 'none', conv: 'compact' },
  notes: [families.vim.words.evitNote],
};

export const released: Arm = {
  id: 'released',
  label: 'released code',
  options: {
    signal: 'gated-backward',
    reduce: 'sum',
    order: 'mirrored',
    alignment: 'none',
    conv: 'compact',
    tokenOrder: 'recentred',
  },
};

/** What the authors' fine-tuning code does: pruned tokens stay as zeros, and the class token is counted. */
export const masked: Arm = {
  id: 'mask-counted',
  label: 'clip, mask, class token counted',
  options: { signal: 'gated', reduce: 'clip', alignment: 'mask', countClassToken: true },
};

export const randomArms: readonly Arm[] = [
  {
    id: 'random',
    label: 'random, none + compact',
    options: { signal: 'random', alignment: 'none', conv: 'compact' },
  },
  {
    id: 'random-decay-positional',
    label: 'random, decay + positional',
    options: { signal: 'random', alignment: 'decay', conv: 'positional' },
  },
];

/** The EViT rule's ranking with our alignment: tells the two apart. */
export const evitAligned: Arm = {
  id: 'evit-decay-positional',
  label: 'EViT rule, decay + positional',
  options: { signal: 'evit', alignment: 'decay', conv: 'positional' },
  notes: [families.vim.words.evitNote],
};

/** Clipped sum under every alignment and convolution mode. `top` is one of them. */
export const alignmentArms: readonly Arm[] = [
  {
    id: 'clip-none-compact-recentred',
    label: 'clip, none + compact, recentred',
    options: { reduce: 'clip', alignment: 'none', conv: 'compact', tokenOrder: 'recentred' },
  },
  {
    id: 'clip-none-compact',
    label: 'clip, none + compact',
    options: { reduce: 'clip', alignment: 'none', conv: 'compact' },
  },
  {
    id: 'clip-none-positional',
    label: 'clip, none + positional',
    options: { reduce: 'clip', alignment: 'none', conv: 'positional' },
  },
  {
    id: 'clip-decay-compact',
    label: 'clip, decay + compact',
    options: { reduce: 'clip', alignment: 'decay', conv: 'compact' },
  },
  top,
  { id: 'clip-mask', label: 'clip, mask', options: { reduce: 'clip', alignment: 'mask' } },
];

/** Every importance reduction under decay + positional. `top` is one of them. */
export const importanceArms: readonly Arm[] = [
  top,
  { id: 'sum', label: 'sum without clipping', options: { reduce: 'sum' } },
  { id: 'l1', label: 'l1 norm', options: { reduce: 'l1' } },
  { id: 'l2', label: 'l2 norm', options: { reduce: 'l2' } },
];

/** A user's rule, everything else as in `top`. */
function ruleArm({ name, sha256, file, rule }: RuleFile): Arm {
  const uncounted =
    rule.flops === undefined
      ? ['The rule does not say what it costs, so its own work is not in the strict FLOPs.']
      : [];
  return {
    id: `rule-${name}`,
    label: `${name}, decay + positional`,
    options: { rule: { name, sha256 }, alignment: 'decay', conv: 'positional' },
    notes: [
      ...(rule.explanation === undefined ? [] : [rule.explanation]),
      `Ranked by the rule file ${basename(file)}, SHA-256 ${sha256}.`,
      ...uncounted,
    ],
  };
}

/**
 * The rows that `vssm bench --rule` adds to an experiment: on the embedded images and on ImageNet beside the built-in
 * rules, and in time on both families.
 */
export function withRules(experiment: Experiment, rules: readonly RuleFile[]): Experiment {
  const rows = rules.map(ruleArm).flatMap((arm): ExperimentRow[] => {
    switch (experiment.id) {
      case 'table4-importance':
        return [
          ...miniatureRows([arm]),
          imageNetRow({ model: 'vim-small', arm, schedule: vimSmallSchedule, paper: null, notes: [] }),
          plainMambaRow('plainmamba-l3', arm, null, []),
        ];
      case 'speed-vim':
        return [ruleSpeedRow('vim-small', 'Vim-S', 8, arm, vimSmallSchedule, 'vim')];
      case 'speed-plainmamba': {
        const schedule = plainMambaSchedules['plainmamba-l1'];
        return [ruleSpeedRow('plainmamba-l1', 'PlainMamba-L1', 4, arm, schedule, 'plainmamba')];
      }
      default:
        return [];
    }
  });
  return rows.length === 0 ? experiment : { ...experiment, rows: [...experiment.rows, ...rows] };
}

/** The paper's schedule for Vim-S, which its tables 1 and 4 share here. */
const vimSmallSchedule = stepsAfter([5, 10, 15], 0.8);

function ruleSpeedRow(
  model: ModelId,
  name: string,
  batch: number,
  arm: Arm,
  schedule: readonly PruningStep[],
  family: ModelFamily,
): SpeedRow {
  return {
    kind: 'speed',
    ...{ model, batch, paper: null },
    id: `${model}-${arm.id}`,
    label: `${name} ${arm.label}, ${formatSchedule(schedule)}`,
    plan: pruningPlan({ ...arm.options, schedule }, family),
    against: `${model}-dense`,
    notes: ['Random weights.', ...(arm.notes ?? [])],
  };
}

const miniaturePlace: ArmPlace = { model: 'vim-nano-fmnist', dataset: 'fashion-mnist', images: 'sample' };

/** Blocks of the miniature (8 of them) that are followed by a pruning step. */
export const miniatureBlocks: readonly number[] = [2, 4, 6];

/** Arms on the embedded data: pruned after blocks 2, 4 and 6 at three keep ratios. */
export function miniatureRows(arms: readonly Arm[]): AccuracyRow[] {
  return armRows('nano', arms, miniatureBlocks, [0.9, 0.7, 0.5], miniaturePlace);
}

/** The unpruned miniature on the images that its pruned rows run on. */
export function miniatureDense(unlessSameAs?: string): AccuracyRow {
  return {
    kind: 'accuracy',
    id: 'nano-dense-sample',
    label: 'dense, same images',
    paper: null,
    notes: [],
    plan: densePlan,
    ...miniaturePlace,
    ...(unlessSameAs !== undefined && { unlessSameAs }),
  };
}

/** PlainMamba has no class token and convolves on the grid, so its EViT rule is another reading. */
export const plainMambaEvit: Arm = {
  id: 'evit',
  label: 'EViT rule',
  options: { signal: 'evit', alignment: 'none' },
  notes: [families.plainmamba.words.evitNote],
};

export type PlainMambaModel = 'plainmamba-l1' | 'plainmamba-l2' | 'plainmamba-l3';

/** Pruned after layer 5 and every fourth one from there. */
export const plainMambaSchedules: Readonly<Record<PlainMambaModel, readonly PruningStep[]>> = {
  'plainmamba-l1': stepsAfter([5, 9, 13, 17, 21], 0.8),
  'plainmamba-l2': stepsAfter([5, 9, 13, 17, 21], 0.8),
  'plainmamba-l3': stepsAfter([5, 9, 13, 17, 21, 25, 29, 33], 0.8),
};

export const plainMambaScheduleNote =
  'The paper’s schedule for PlainMamba is not known; this one is ours. On L3 it saves 41.7 % of the FLOPs, aligned (the paper: 41.6 %); `vssm schedule` lists many others.';

export interface ImageNetRow {
  /** Default: model and arm. */
  readonly id?: string;
  readonly model: ModelId;
  readonly arm: Arm;
  readonly schedule: readonly PruningStep[];
  readonly paper: AccuracyRow['paper'];
  /** Besides the arm's own. */
  readonly notes: readonly string[];
}

/** One arm of a model on ImageNet. */
export function imageNetRow({ id, model, arm, schedule, paper, notes }: ImageNetRow): AccuracyRow {
  return {
    kind: 'accuracy',
    id: id ?? `${model}-${arm.id}`,
    label: `${arm.label}, ${formatSchedule(schedule)}`,
    model,
    dataset: 'imagenet',
    images: 'sample',
    plan: pruningPlan({ ...arm.options, schedule }, benchModels[model].spec?.family),
    paper,
    notes: [...(arm.notes ?? []), ...notes],
  };
}

/** One arm of PlainMamba on ImageNet, by our schedule. */
export function plainMambaRow(
  model: PlainMambaModel,
  arm: Arm,
  paper: AccuracyRow['paper'],
  notes: readonly string[],
): AccuracyRow {
  const schedule = plainMambaSchedules[model];
  return imageNetRow({ model, arm, schedule, paper, notes: [plainMambaScheduleNote, ...notes] });
}

const smoke =
  'A smoke run: random weights and made-up pictures. It shows that everything runs, and nothing else.';
const trainingFreeDense =
  'Training-free here; how the paper’s pruned detectors and segmenters were trained is not known.';

/** A published detector or segmenter on its data set: dense, or pruned by our schedule. */
export function plainMambaVisionRow(
  backbone: PlainMambaModel,
  head: 'maskrcnn' | 'retinanet' | 'upernet',
  arm: Arm | null,
  paper: VisionRow['paper'],
): VisionRow {
  const schedule = arm === null ? [] : plainMambaSchedules[backbone];
  const notes = arm === null ? [] : [...(arm.notes ?? []), plainMambaScheduleNote, trainingFreeDense];
  return {
    kind: head === 'upernet' ? 'segmentation' : 'detection',
    id: `${backbone}-${head}-${arm?.id ?? 'dense'}`,
    label: arm === null ? 'dense' : `${arm.label}, ${formatSchedule(schedule)}`,
    model: `${backbone}-${head}`,
    dataset: head === 'upernet' ? 'ade20k' : 'coco',
    plan: pruningPlan({ ...arm?.options, schedule }, 'plainmamba'),
    ...{ paper, notes },
  };
}

/** The smallest detector or segmenter on the made-up pictures, dense and pruned. */
export function visionSmokeRows(model: 'micro-maskrcnn' | 'micro-upernet'): VisionRow[] {
  const dataset = model === 'micro-maskrcnn' ? 'coco-sample' : 'ade20k-sample';
  return [[], stepsAfter([1, 2], 0.8)].map((schedule) => ({
    kind: model === 'micro-maskrcnn' ? 'detection' : 'segmentation',
    id: `smoke-${schedule.length === 0 ? 'dense' : 'top'}`,
    label:
      schedule.length === 0 ? 'dense (smoke run)' : `${top.label}, ${formatSchedule(schedule)} (smoke run)`,
    ...{ model, dataset, paper: null, notes: [smoke] },
    plan: pruningPlan(schedule.length === 0 ? { schedule } : { ...top.options, schedule }, 'plainmamba'),
  }));
}
