/** From the rows of a benchmark of execution forms to tasks. */
import type { PruningPlan } from '@vssm/core';
import { densePlan, type ModelSpec, parameterCount, randomWeights, sequenceLength } from '@vssm/families';
import { keyOf } from '../keys.ts';
import { type ReadyModel, randomWeightsSeed } from '../resources.ts';
import type { RecordHead } from '../tasks.ts';
import type { CpuRow, LengthsRow, ProfileRow, RivalsRow } from './rows.ts';
import type { CpuTask, LengthsTask, ProfileTask, RivalsTask } from './tasks.ts';

/** What the planner of an experiment lends to its CPU rows. */
export interface CpuPlanning {
  readonly experiment: string;
  /** True for `--full`, and when the experiment was asked for by name. */
  readonly thorough: boolean;
  readonly threads: number;
  /** Of the row's model, with random weights. */
  readonly model: ReadyModel;
  /** Everything about model, plan and code that changes a time. */
  readonly method: (model: ReadyModel, plan: PruningPlan) => unknown;
  /** What a time depends on besides the code. */
  readonly machine: unknown;
  readonly head: (
    row: { id: string; label: string; paper: null; notes: readonly string[] },
    work: string,
  ) => RecordHead;
}

/** Null where the row is for the other extent of run. */
export function planCpuRow(row: CpuRow, planning: CpuPlanning): CpuTask | null {
  if ((row.extent === 'thorough') !== planning.thorough) return null;
  switch (row.kind) {
    case 'rivals':
      return rivals(row, planning);
    case 'lengths':
      return lengths(row, planning);
    case 'profile':
      return profile(row, planning);
    default:
      throw row satisfies never;
  }
}

function rivals(
  row: RivalsRow,
  { experiment, threads: all, model, method, machine, head }: CpuPlanning,
): RivalsTask {
  const { kind, label, modes, budget, arms } = row;
  const threads = row.cores === 'one' ? 1 : all;
  const key = keyOf([experiment, row.id], {
    arms: arms.map(({ form, plan }) => ({ form, method: method(model, plan) })),
    modes: modes === 'calibrate' ? modes : arms.map(({ form }) => modes(form, threads)),
    threads,
    budget,
    machine,
  });
  return {
    kind,
    key,
    label,
    threads,
    modes,
    budget,
    arms: arms.map(({ id, label: name, form, plan }) => ({
      head: head({ ...row, id, label: name }, key),
      model,
      form,
      plan,
    })),
  };
}

function lengths(
  row: LengthsRow,
  { experiment, threads, model, method, machine, head }: CpuPlanning,
): LengthsTask {
  const { kind, label, budget } = row;
  const models = row.sides.map((side) => resized(model, side));
  const key = keyOf([experiment, row.id], {
    methods: models.map((own) => method(own, densePlan)),
    threads,
    budget,
    machine,
  });
  return {
    kind,
    key,
    label,
    threads,
    budget,
    arms: models.map((own) => {
      const tokens = sequenceLength(own.spec);
      const arm = { ...row, id: `${row.id}-${tokens}`, label: `${model.described.name}, ${tokens} tokens` };
      return {
        head: head(arm, key),
        model: own,
        plan: densePlan,
        batch: threads * imagesPerThread(own.spec),
      };
    }),
  };
}

/** Short sequences several at a time, so that every length keeps its matrix products busy. */
export function imagesPerThread(spec: ModelSpec): number {
  return Math.min(4, Math.max(1, Math.floor(2048 / sequenceLength(spec))));
}

/** The same model for square images of another size. */
function resized(model: ReadyModel, side: number): ReadyModel {
  const spec: ModelSpec = { ...model.spec, imageHeight: side, imageWidth: side };
  const described = { ...model.described, spec: { ...spec }, params: parameterCount(spec) };
  return { ...model, spec, described, weights: () => randomWeights(spec, randomWeightsSeed) };
}

function profile(
  row: ProfileRow,
  { experiment, threads, model, method, machine, head }: CpuPlanning,
): ProfileTask {
  const { kind, label, batch, warmup, rounds, arms } = row;
  const shape = { batch, warmup, rounds };
  const key = keyOf([experiment, row.id], {
    methods: arms.map(({ plan }) => method(model, plan)),
    shape,
    threads,
    machine,
  });
  return {
    kind,
    key,
    label,
    threads,
    shape,
    arms: arms.map(({ id, label: name, plan }) => ({
      head: head({ ...row, id, label: name }, key),
      model,
      plan,
    })),
  };
}
