/** The segments form on square images of several sizes, timed in turn, with the memory that each takes. */
import { densePlan, type ModelSpec, parameterCount, randomWeights, sequenceLength } from '@vssm/families';
import { keyOf } from '../keys.ts';
import { type ReadyModel, randomWeightsSeed } from '../resources.ts';
import { armMs, type CpuRow, cpuWork, unlessElsewhere } from '../rivals/cpu-row.ts';
import { type LengthsTask, measureLengths } from '../rivals/measure-rivals.ts';
import { expectedRounds, type SpeedBudget } from '../speed-budget.ts';
import type { WorkKind } from './kind.ts';

export interface LengthsRow extends CpuRow {
  readonly kind: 'lengths';
  /** Pixels of a side. */
  readonly sides: readonly number[];
  readonly budget: SpeedBudget;
}

export const lengths: WorkKind<LengthsRow, LengthsTask> = {
  kind: 'lengths',
  ...cpuWork,

  async plan(row, planning) {
    return unlessElsewhere(row, planning, (model): LengthsTask => {
      const { kind, label } = row;
      const budget = planning.budgetOf(row.budget);
      const { machine } = planning.settings;
      const models = row.sides.map((side) => resized(model, side));
      const threads = planning.threadsFor(models);
      const methods = models.map((own) => planning.method({ work: 'rivals' }, own, densePlan));
      const key = keyOf([planning.experiment, row.id], { methods, threads, budget, machine });
      const arms = models.map((own) => {
        const tokens = sequenceLength(own.spec);
        const arm = { ...row, id: `${row.id}-${tokens}`, label: `${model.described.name}, ${tokens} tokens` };
        const batch = threads * imagesPerThread(own.spec);
        return { head: planning.head(arm, key), model: own, plan: densePlan, batch };
      });
      return { kind, key, label, threads, budget, arms };
    });
  },

  estimate({ arms, budget }, factor) {
    const round = arms.reduce((sum, arm) => sum + arm.batch * armMs(arm), 0);
    return factor * round * (3 + budget.warmup + expectedRounds(budget, round));
  },
  run: measureLengths,
};

/** Short sequences several at a time, so that every length keeps its matrix products busy. */
function imagesPerThread(spec: ModelSpec): number {
  return Math.min(4, Math.max(1, Math.floor(2048 / sequenceLength(spec))));
}

/** The same model for square images of another size. */
function resized(model: ReadyModel, side: number): ReadyModel {
  const spec: ModelSpec = { ...model.spec, imageHeight: side, imageWidth: side };
  const described = { ...model.described, spec: { ...spec }, params: parameterCount(spec) };
  return { ...model, spec, described, weights: () => randomWeights(spec, randomWeightsSeed) };
}
