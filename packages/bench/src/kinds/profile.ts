/** Where the time of one thread goes in the segments form, plans in turn. */
import type { PruningPlan } from '@vssm/core';
import { keyOf } from '../keys.ts';
import { armMs, type CpuRow, cpuWork, statedThreads, unlessElsewhere } from '../rivals/cpu-row.ts';
import { measureProfile, type ProfileShape, type ProfileTask } from '../rivals/measure-profile.ts';
import type { WorkKind } from './kind.ts';

export interface ProfileRow extends CpuRow, ProfileShape {
  readonly kind: 'profile';
  readonly arms: readonly { readonly id: string; readonly label: string; readonly plan: PruningPlan }[];
}

export const profile: WorkKind<ProfileRow, ProfileTask> = {
  kind: 'profile',
  ...cpuWork,

  async plan(row, planning) {
    return unlessElsewhere(row, planning, (model): ProfileTask => {
      const { kind, label, batch, warmup, rounds, arms } = row;
      const { threads, machine } = planning.settings;
      const shape = { batch, warmup, rounds };
      const methods = arms.map(({ plan }) => planning.method({ work: 'profile' }, model, plan));
      const key = keyOf([planning.experiment, row.id], { methods, shape, threads, machine });
      const planned = arms.map(({ id, label: name, plan }) => ({
        ...{ head: planning.head({ ...row, id, label: name }, key), model, plan },
      }));
      return { kind, key, label, threads, shape, arms: planned };
    });
  },

  estimate({ arms, shape: { batch, warmup, rounds } }, factor) {
    // Every pruned plan has a twin, and one thread does all the work.
    const round = arms.reduce((sum, arm) => sum + (arm.plan.schedule.length > 0 ? 2 : 1) * armMs(arm), 0);
    return factor * (5000 + statedThreads * batch * round * (warmup + rounds));
  },
  run: measureProfile,
};
