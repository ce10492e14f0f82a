/**
 * Time per image at 224x224, eight images a run, dense and pruned interleaved: of Vim-T and Vim-S, and of the smallest
 * models of the other families that are made of Vim's blocks. Weights are random: the time does not depend on their
 * values.
 */
import { type Arm, type Experiment, evit, type SpeedRow, stepsAfter, top } from '@vssm/bench';
import { formatSchedule, type PruningStep } from '@vssm/core';
import { densePlan, type ModelFamily, type ModelName, pruningPlan } from '@vssm/families';

type Timed = readonly [ModelName, string, ModelFamily, readonly PruningStep[], readonly Arm[]];

/** Vim's schedules are those of the paper's table 1; the others', which nobody has published, are ours. */
const models: readonly Timed[] = [
  ['vim-tiny', 'Vim-T', 'vim', stepsAfter([10], 0.8), [top, evit]],
  ['vim-small', 'Vim-S', 'vim', stepsAfter([5, 10, 15], 0.8), [top, evit]],
  ['videomamba-tiny', 'VideoMamba-Ti', 'videomamba', stepsAfter([5, 10, 15], 0.8), [top]],
  ['mambareg-tiny', 'Mamba-Reg-T', 'mambareg', stepsAfter([5, 10, 15], 0.8), [top]],
];

const notes = ['Random weights.'];

export const experiment: Experiment = {
  id: 'speed-vim',
  title: 'speed of Vim, and of families of its blocks, at 224x224',
  paperFile: null,
  rows: models.flatMap(([model, name, family, schedule, arms]): SpeedRow[] => {
    const common = { kind: 'speed', model, batch: 8, paper: null, notes } as const;
    const dense = `${model}-dense`;
    return [
      { ...common, id: dense, label: `${name} dense`, plan: densePlan, against: null },
      ...arms.map((arm) => ({
        ...common,
        id: `${model}-${arm.id}`,
        label: `${name} ${arm.label}, ${formatSchedule(schedule)}`,
        plan: pruningPlan({ ...arm.options, schedule }, family),
        against: dense,
      })),
    ];
  }),
};
