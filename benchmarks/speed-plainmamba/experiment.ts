/**
 * Time per image of PlainMamba-L1 and -L3 at 224x224, four images a run, dense and pruned interleaved. Weights are
 * random: the time does not depend on their values.
 */
import {
  type Experiment,
  type PlainMambaModel,
  plainMambaScheduleNote,
  plainMambaSchedules,
  type SpeedRow,
  top,
} from '@vssm/bench';
import { formatSchedule } from '@vssm/core';
import { densePlan, pruningPlan } from '@vssm/families';

const models: readonly [PlainMambaModel, string][] = [
  ['plainmamba-l1', 'PlainMamba-L1'],
  ['plainmamba-l3', 'PlainMamba-L3'],
];

export const experiment: Experiment = {
  id: 'speed-plainmamba',
  title: 'speed of PlainMamba at 224x224',
  paperFile: null,
  rows: models.flatMap(([model, name]): SpeedRow[] => {
    const schedule = plainMambaSchedules[model];
    const dense = `${model}-dense`;
    const common = { kind: 'speed', model, batch: 4, paper: null } as const;
    return [
      {
        ...common,
        id: dense,
        label: `${name} dense`,
        plan: densePlan,
        against: null,
        notes: ['Random weights.'],
      },
      {
        ...common,
        id: `${model}-top`,
        label: `${name} ToP: clip, decay, ${formatSchedule(schedule)}`,
        plan: pruningPlan({ ...top.options, schedule }, 'plainmamba'),
        against: dense,
        notes: ['Random weights.', plainMambaScheduleNote],
      },
    ];
  }),
};
