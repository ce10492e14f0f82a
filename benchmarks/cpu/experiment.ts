/**
 * Ways to run the models on a CPU, side by side: the matrix products alone (no implementation on the same library can be
 * faster), the whole model in ONNX Runtime with either spelling of the scan, and the segments form with this
 * project's kernels. Then where the time goes, and what longer sequences cost. Weights are random: time and
 * memory do not depend on their values.
 *
 * Every run has the short rows, about a minute; `--full` and `--only cpu` have the thorough ones instead.
 */
import {
  type ExecutionForm,
  type Experiment,
  type LengthsRow,
  type PlainMambaModel,
  type ProfileRow,
  plainMambaSchedules,
  type RivalArm,
  type RivalsRow,
  stepsAfter,
  usualMode,
} from '@vssm/bench';
import { formatSchedule, type PruningPlan, type PruningStep } from '@vssm/core';
import { densePlan, models, pruningPlan } from '@vssm/families';

interface Subject {
  readonly model: 'vim-tiny' | 'vim-small' | PlainMambaModel;
  readonly name: string;
  /** Pruned with clipped scores and positional convolution; under `none` only the state's decay is missing. */
  readonly decay: PruningPlan;
  readonly none: PruningPlan;
}

function subject(model: Subject['model'], name: string, schedule: readonly PruningStep[]): Subject {
  const { family } = models[model];
  const plan = (alignment: 'decay' | 'none') =>
    pruningPlan({ schedule, alignment, conv: 'positional' }, family);
  return { model, name, decay: plan('decay'), none: plan('none') };
}

/** The schedules of the paper's table 1. */
const tiny = subject('vim-tiny', 'Vim-T', stepsAfter([10], 0.8));
const small = subject('vim-small', 'Vim-S', stepsAfter([5, 10, 15], 0.8));

/** By our schedule: the paper's is not known. */
const plainMambas = (['plainmamba-l1', 'plainmamba-l3'] as const).map((model) =>
  subject(model, `PlainMamba-${model.slice(-2).toUpperCase()}`, plainMambaSchedules[model]),
);

const formNames: Readonly<Record<ExecutionForm, string>> = {
  'matmul-floor': 'matrix products alone',
  'whole-linear-attention': 'ONNX Runtime LinearAttention',
  'whole-scan': 'ONNX Runtime Scan',
  'segments-wasm': 'segments, WebAssembly kernels',
  segments: 'segments, fastest kernels there are',
};
const forms = Object.keys(formNames) as ExecutionForm[];

const shared = { paper: null, notes: ['Random weights.'] } as const;

function arm({ name }: Subject, row: string, form: ExecutionForm, plan: PruningPlan): RivalArm {
  const pruned = plan.schedule.length > 0;
  const how = pruned ? `${plan.alignment}, ${formatSchedule(plan.schedule)}` : 'dense';
  return {
    id: `${row}-${form}-${pruned ? plan.alignment : 'dense'}`,
    label: `${name} ${how}, ${formNames[form]}`,
    form,
    plan,
  };
}

/** Forms on all cores, dense and pruned, each in its best mode. */
function allForms(subject: Subject, forms: readonly ExecutionForm[], budget: RivalsRow['budget']): RivalsRow {
  const id = `${subject.model}-forms`;
  const plans = [densePlan, subject.decay];
  return {
    ...shared,
    kind: 'rivals',
    id,
    label: `${subject.name}: forms, dense and pruned, all cores`,
    model: subject.model,
    extent: 'thorough',
    cores: 'all',
    modes: 'calibrate',
    budget,
    arms: plans.flatMap((plan) => forms.map((form) => arm(subject, id, form, plan))),
  };
}

function oneCore(subject: Subject): RivalsRow {
  const id = `${subject.model}-one-core`;
  return {
    ...shared,
    kind: 'rivals',
    id,
    label: `${subject.name}: every form, one core`,
    model: subject.model,
    extent: 'thorough',
    cores: 'one',
    modes: 'calibrate',
    budget: { warmup: 1, minRounds: 5, maxRounds: 20, ms: 40_000 },
    arms: forms.map((form) => arm(subject, id, form, densePlan)),
  };
}

/** Small differences need many rounds: what pruning gains, and what the state's decay costs. */
function pruning(subject: Subject): RivalsRow {
  const id = `${subject.model}-pruning`;
  return {
    ...shared,
    kind: 'rivals',
    id,
    label: `${subject.name}: dense, pruned, pruned without decay`,
    model: subject.model,
    extent: 'thorough',
    cores: 'all',
    modes: usualMode,
    budget: { warmup: 2, minRounds: 15, maxRounds: 60, ms: 60_000 },
    arms: [densePlan, subject.decay, subject.none].map((plan) => arm(subject, id, 'segments', plan)),
  };
}

function lengths({ model, name }: Subject): LengthsRow {
  return {
    ...shared,
    kind: 'lengths',
    id: `${model}-lengths`,
    label: `${name}: from 197 to 4,097 tokens`,
    model,
    extent: 'thorough',
    sides: [224, 320, 512, 768, 1024],
    budget: { warmup: 1, minRounds: 7, maxRounds: 20, ms: 45_000 },
  };
}

function profile(subject: Subject, extent: ProfileRow['extent'], rounds: number): ProfileRow {
  const id = `${subject.model}-profile${extent === 'short' ? '-short' : ''}`;
  return {
    ...shared,
    kind: 'profile',
    id,
    label: `${subject.name}: where the time goes, one core`,
    model: subject.model,
    extent,
    batch: 4,
    warmup: 1,
    rounds,
    arms: [densePlan, subject.decay].map((plan) => {
      const { id: own, label } = arm(subject, id, 'segments', plan);
      return { id: own, label, plan };
    }),
  };
}

/** LinearAttention takes as long as all others together, and never was the faster of the two whole graphs. */
const shortForms = forms.filter((form) => form !== 'whole-linear-attention');

/** For runs that have no time for more: Vim-S alone, in the modes that are usually best. */
const shortRivals: RivalsRow = {
  ...shared,
  kind: 'rivals',
  id: 'short',
  label: 'Vim-S: forms, segments dense and pruned',
  model: small.model,
  extent: 'short',
  cores: 'all',
  modes: usualMode,
  budget: { warmup: 1, minRounds: 5, maxRounds: 5, ms: 0 },
  arms: [
    ...shortForms.map((form) => arm(small, 'short', form, densePlan)),
    arm(small, 'short', 'segments', small.decay),
  ],
};

const rows: readonly (RivalsRow | LengthsRow | ProfileRow)[] = [
  shortRivals,
  profile(small, 'short', 5),
  ...[small, tiny].flatMap((each) => [
    allForms(each, forms, { warmup: 1, minRounds: 9, maxRounds: 20, ms: 60_000 }),
    oneCore(each),
    pruning(each),
    profile(each, 'thorough', 15),
    lengths(each),
  ]),
  ...plainMambas.flatMap((each) => [
    allForms(each, ['matmul-floor', 'whole-scan', 'segments-wasm', 'segments'], {
      warmup: 1,
      minRounds: 5,
      maxRounds: 9,
      ms: 90_000,
    }),
    pruning(each),
    profile(each, 'thorough', 9),
  ]),
];

export const experiment: Experiment = {
  id: 'cpu',
  title: 'ways to run the models on a CPU',
  paperFile: null,
  rows,
};
