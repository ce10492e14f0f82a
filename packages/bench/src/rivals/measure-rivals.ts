/** Rivals timed interleaved, each in its best mode; and the segments form over sequence lengths. */
import { formatSchedule } from '@vssm/core';
import type { SpeedRecord } from '@vssm/results';
import { costOf } from '../cost.ts';
import type { SpeedBudget } from '../speed-budget.ts';
import { type Interleaved, timeInterleaved } from '../timing/interleaved.ts';
import { timesOf } from '../timing/times-of.ts';
import type { RunState, Workplace } from '../workplace.ts';
import { calibrateMode, type Trial } from './calibrate.ts';
import type { CpuArm } from './cpu-row.ts';
import { type MemoryRequest, measurePeakMemory } from './memory.ts';
import type { ExecutionForm, Mode, Modes } from './modes.ts';
import { openRival, type Rival, type RivalSetup } from './rival.ts';

export interface RivalsTask {
  readonly kind: 'rivals';
  /** Also the group of the records. */
  readonly key: string;
  readonly label: string;
  readonly threads: number;
  readonly modes: Modes;
  readonly budget: SpeedBudget;
  readonly arms: readonly (CpuArm & { readonly form: ExecutionForm })[];
}

export interface LengthsTask {
  readonly kind: 'lengths';
  readonly key: string;
  readonly label: string;
  readonly threads: number;
  readonly budget: SpeedBudget;
  readonly arms: readonly (CpuArm & {
    /** Images of one run. */ readonly batch: number;
  })[];
}

interface Chosen {
  readonly mode: Mode;
  readonly trials: Trial[];
}

/** Share of the work that calibration is. */
const calibrationShare = 0.6;

/** Nothing is kept when it is stopped before the end. */
export async function measureRivals(task: RivalsTask, place: Workplace): Promise<RunState> {
  const modes = await chooseModes(task, place);
  if (modes === null) return 'stopped';
  const thorough = task.modes === 'calibrate';
  const share = thorough ? 1 - calibrationShare : 1;
  const runners = task.arms.map(({ form, model, plan }) => ({
    setup: { form, spec: model.spec, plan },
    ...modes.get(form)!,
  }));
  const memories = thorough ? await peakMemories(runners, place) : runners.map(() => null);
  if (memories === null) return 'stopped';
  const advance = (part: number) => place.advance(share * part);
  return timeAndRecord(task, runners, { ...place, advance }, memories);
}

/** One mode for each form, found with the first arm of that form. */
async function chooseModes(
  { modes, arms, threads }: RivalsTask,
  place: Workplace,
): Promise<ReadonlyMap<ExecutionForm, Chosen> | null> {
  const chosen = new Map<ExecutionForm, Chosen>();
  const forms = Map.groupBy(arms, ({ form }) => form);
  for (const [form, [{ model, plan }]] of forms) {
    if (modes !== 'calibrate') {
      chosen.set(form, { mode: modes(form, threads), trials: [] });
      continue;
    }
    const found = await calibrateMode({ form, spec: model.spec, plan }, threads, {
      stopping: place.stopping,
      advance: (share) => place.advance((calibrationShare * share) / forms.size),
    });
    if (found === null) return null;
    chosen.set(form, { mode: found.best, trials: found.trials });
  }
  return chosen;
}

/** Of the dense ones, each in its mode; null when stopped. */
async function peakMemories(
  runners: readonly Runner[],
  { stopping }: Workplace,
): Promise<(number | null)[] | null> {
  const memories: (number | null)[] = [];
  for (const { setup, mode } of runners) {
    if (setup.plan.schedule.length > 0) {
      memories.push(null);
      continue;
    }
    const bytes = await peakUnlessStopped({ setup, mode }, stopping);
    if (bytes === null) return null;
    memories.push(bytes);
  }
  return memories;
}

/** An interruption from the keyboard ends the measuring process too. */
async function peakUnlessStopped(request: MemoryRequest, stopping: () => boolean): Promise<number | null> {
  if (stopping()) return null;
  try {
    return await measurePeakMemory(request);
  } catch (error) {
    if (stopping()) return null;
    throw error;
  }
}

/** Nothing is kept when it is stopped before the end. */
export async function measureLengths(task: LengthsTask, place: Workplace): Promise<RunState> {
  const cores = task.threads === 1 ? 'together' : 'apart';
  const runners = task.arms.map(({ model, plan, batch }) => ({
    setup: { form: 'segments', spec: model.spec, plan } as const,
    mode: { cores, threads: task.threads, batch } as const,
    trials: [],
  }));
  const memories: number[] = [];
  for (const { setup, mode } of runners) {
    // One image for each worker at every length, so that memory can be compared.
    const alike = { setup, mode: { ...mode, batch: mode.threads } };
    const bytes = await peakUnlessStopped(alike, place.stopping);
    if (bytes === null) return 'stopped';
    memories.push(bytes);
    place.advance(0.3 / runners.length);
  }
  const advance = (part: number) => place.advance(0.7 * part);
  return timeAndRecord(task, runners, { ...place, advance }, memories);
}

interface Runner extends Chosen {
  readonly setup: RivalSetup;
}

async function timeAndRecord(
  task: RivalsTask | LengthsTask,
  runners: readonly Runner[],
  place: Workplace,
  memories: readonly (number | null)[],
): Promise<RunState> {
  const started = performance.now();
  const rivals: Rival[] = [];
  try {
    for (const { setup, mode } of runners) {
      if (place.stopping()) return 'stopped';
      rivals.push(await openRival(setup, mode));
    }
    const runs = rivals.map((rival, index) => () => rival.run(runners[index].mode.batch));
    const timed = await timeInterleaved(runs, task.budget, place);
    if (timed === null) return 'stopped';
    const durationMs = performance.now() - started;
    for (const arm of runners.keys()) {
      const record = recordOf(task, arm, runners, timed, durationMs);
      const peak = memories[arm];
      if (!place.results.has(record.key))
        place.results.append(peak === null ? record : { ...record, peakMemoryBytes: peak });
    }
    return 'done';
  } finally {
    for (const rival of rivals) await rival.dispose();
  }
}

function recordOf(
  task: RivalsTask | LengthsTask,
  arm: number,
  runners: readonly Runner[],
  timed: Interleaved,
  durationMs: number,
): SpeedRecord {
  const { head, model, plan } = task.arms[arm];
  const { setup, mode, trials } = runners[arm];
  const dense = denseArm(task, arm);
  return {
    ...head,
    kind: 'speed',
    model: model.described,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    backend: { name: 'cpu', form: setup.form },
    threads: mode.threads,
    batch: mode.batch,
    warmup: task.budget.warmup,
    ...timesOf(
      timed,
      runners.map((runner) => runner.mode.batch),
      arm,
      dense === null ? null : { arm: dense, key: task.arms[dense].head.key },
    ),
    ...costOf(model.spec, plan),
    durationMs,
    execution: { form: setup.form, cores: mode.cores, group: task.key, calibration: trials },
  };
}

/** The dense arm of the same form; null for a dense arm itself. */
function denseArm(task: RivalsTask | LengthsTask, arm: number): number | null {
  if (task.kind === 'lengths' || task.arms[arm].plan.schedule.length === 0) return null;
  const { form } = task.arms[arm];
  const dense = task.arms.findIndex((other) => other.form === form && other.plan.schedule.length === 0);
  return dense === -1 ? null : dense;
}
