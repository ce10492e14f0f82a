/**
 * Time per image of Vim-T and Vim-S at 224x224, eight images a run, dense and pruned interleaved. Weights are
 * random: the time does not depend on their values.
 */
import { type Experiment, evit, type SpeedRow, stepsAfter, top } from '@vssm/bench';
import { formatSchedule, type PruningStep } from '@vssm/core';
import { densePlan, pruningPlan } from '@vssm/families';

/** The schedules of the paper's table 1. */
const models: readonly ['vim-tiny' | 'vim-small', string, readonly PruningStep[]][] = [
  ['vim-tiny', 'Vim-T', stepsAfter([10], 0.8)],
  ['vim-small', 'Vim-S', stepsAfter([5, 10, 15], 0.8)],
];

const notes = ['Random weights.'];

export const experiment: Experiment = {
  id: 'speed-vim',
  title: 'speed of Vim at 224x224',
  paperFile: null,
  rows: models.flatMap(([model, name, schedule]): SpeedRow[] => {
    const common = { kind: 'speed', model, batch: 8, paper: null, notes } as const;
    const dense = `${model}-dense`;
    return [
      { ...common, id: dense, label: `${name} dense`, plan: densePlan, against: null },
      ...[top, evit].map((arm) => ({
        ...common,
        id: `${model}-${arm.id}`,
        label: `${name} ${arm.label}, ${formatSchedule(schedule)}`,
        plan: pruningPlan({ ...arm.options, schedule }),
        against: dense,
      })),
    ];
  }),
};
