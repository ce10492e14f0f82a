/** A finished run of the page as the records of a results file, which `vssm report` reads like any other. */
import { createHash } from 'node:crypto';
import { formatSchedule, type PruningPlan, UserError } from '@vssm/core';
import { classTokenOf, densePlan, modelFlops, parameterCount, tokenGrid, tokenLayout } from '@vssm/families';
import {
  type RunRecord,
  resultRecordSchema,
  type SpeedRecord,
  type StripRecord,
  schemaVersion,
} from '@vssm/results';
import { pairedSpeedup, timeStatistics } from '@vssm/results/statistics';
import type { FinishedRun, Timing } from '../exchange.ts';

/** What the program that serves the page knows of itself and its machine. */
export type RunHeader = Pick<
  RunRecord,
  'projectVersion' | 'git' | 'environment' | 'code' | 'command' | 'seeds'
>;

type RowHead = Pick<SpeedRecord, 'schema' | 'key' | 'experiment' | 'row' | 'label' | 'paper' | 'notes'>;

const experiment = 'page';

/** What the page measures is not what `vssm bench` does. */
const timingNote =
  'Timed in a page of the browser: wall clock of whole runs, pixels going up and answers coming back included.';

/**
 * JSON lines: the header, times, pictures.
 *
 * @throws UserError where the run does not fit the schema
 */
export function resultLines(run: FinishedRun, header: RunHeader, now: Date): string {
  const records: unknown[] = [
    runRecord(run, header, now),
    ...run.timings.flatMap((t) => speedRecords(run, t)),
  ];
  if (run.strip.length > 0 && run.plan.schedule.length > 0) records.push(stripRecord(run));
  return records.map((record) => `${JSON.stringify(checked(record))}\n`).join('');
}

function checked(record: unknown): unknown {
  const { success, data, error } = resultRecordSchema.safeParse(record);
  if (success) return data;
  const [{ path, message }] = error.issues;
  throw new UserError(`the run does not fit the results' schema: ${path.join('.')}: ${message}`);
}

function runRecord(run: FinishedRun, header: RunHeader, now: Date): RunRecord {
  const environment = {
    ...header.environment,
    accelerator: run.adapter,
    libraries: { ...header.environment.libraries, ...run.libraries },
  };
  const content = { ...header, environment };
  const key = keyOf('run', content);
  return { schema: schemaVersion, kind: 'run', key, createdAt: now.toISOString(), ...content };
}

/** The dense model, and the pruned one that was timed interleaved with it. */
function speedRecords(run: FinishedRun, timing: Timing): SpeedRecord[] {
  const { batch, denseMs, prunedMs } = timing;
  const perImage = (runs: readonly number[]) => runs.map((ms) => ms / batch);
  const dense = speedRecord(run, densePlan, timing, perImage(denseMs), null);
  if (prunedMs === null) return [dense];
  const samplesMs = perImage(prunedMs);
  const speedup = pairedSpeedup(dense.key, dense.samplesMs, samplesMs);
  return [dense, speedRecord(run, run.plan, timing, samplesMs, speedup)];
}

function speedRecord(
  run: FinishedRun,
  plan: PruningPlan,
  { batch, warmup, durationMs }: Timing,
  samplesMs: number[],
  speedup: SpeedRecord['speedup'],
): SpeedRecord {
  const { threads, model } = run;
  const paper = modelFlops(model.spec, plan, 'paper');
  const strict = modelFlops(model.spec, plan, 'strict');
  return {
    ...rowHead(run, plan, `b${batch}`, timingNote),
    kind: 'speed',
    ...modelAndPlan(run, plan),
    backend: { name: run.backend, form: 'segments' },
    threads,
    batch,
    warmup,
    ...timeStatistics(samplesMs),
    speedup,
    flops: { paper: paper.total / 1e9, strict: strict.total / 1e9 },
    tokens: [...paper.tokens],
    durationMs,
  };
}

function stripRecord(run: FinishedRun): StripRecord {
  const { height, width } = tokenGrid(run.model.spec);
  return {
    ...rowHead(run, run.plan, 'strip', 'Made in a page of the browser.'),
    kind: 'strip',
    ...modelAndPlan(run, run.plan),
    dataset: run.dataset,
    grid: { height, width },
    classToken: classTokenOf(run.model.spec),
    protectedTokens: [...tokenLayout(run.model.spec).protectedTokens],
    images: run.strip,
  };
}

function modelAndPlan(
  { model }: FinishedRun,
  plan: PruningPlan,
): Pick<SpeedRecord, 'model' | 'plan' | 'schedule'> {
  const { name, spec, origin } = model;
  return {
    model: { name, spec: { ...spec }, params: parameterCount(spec), weights: origin },
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
  };
}

/** A row is a setting: model, backend and plan. Measured again, it is replaced. */
function rowHead(run: FinishedRun, plan: PruningPlan, what: string, note: string): RowHead {
  const setting = {
    model: run.model,
    backend: run.backend,
    threads: run.threads,
    adapter: run.adapter,
    plan,
    what,
  };
  const { name, spec } = run.model;
  const label = plan.schedule.length === 0 ? `${name}, dense` : `${name}, ${formatSchedule(plan.schedule)}`;
  const key = keyOf(what, setting);
  return {
    schema: schemaVersion,
    key,
    experiment,
    row: `${spec.family}-${run.backend}-${what}-${key.slice(-12)}`,
    label: label.slice(0, 400),
    paper: null,
    notes: [note],
  };
}

/** Ends in a hash of everything that changes the result. */
function keyOf(what: string, content: unknown): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([what, content]))
    .digest('hex');
  return `${experiment}.${what}.${hash.slice(0, 24)}`;
}
