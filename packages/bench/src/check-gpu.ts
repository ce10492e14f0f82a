/**
 * What a GPU does with these models, in minutes: each way to run on one is held against the float64 reference with small
 * models, then timed with large ones, dense and pruned interleaved. Everything goes into an ordinary run folder.
 */
import { planName } from '@vssm/core';
import { latestRecords, readResults, type SpeedRecord } from '@vssm/results';
import { median } from '@vssm/results/statistics';
import type { OpenedBackend } from './backends.ts';
import { compareBackends } from './compare/compare.ts';
import { nameOf, probePath } from './compare/competitors.ts';
import type { CompareRequest } from './compare/request.ts';
import { type ExecutionPath, type PathOptions, runtimeOf } from './execution-paths.ts';
import type { Experiment } from './experiment.ts';
import type { Progress } from './progress.ts';
import type { Sources } from './resources.ts';
import { type BenchRequest, runBench } from './run.ts';
import type { SpeedBudget } from './speed-budget.ts';

export interface GpuCheckRequest {
  readonly paths: readonly ExecutionPath[];
  readonly pathOptions: PathOptions;
  /** Small models, to be held against the reference. */
  readonly parity: readonly Pick<CompareRequest, 'model' | 'plans' | 'images' | 'referenceImages'>[];
  /** Groups of timings, the most important first: what there is no time for is left out. */
  readonly speeds: readonly Experiment[];
  readonly speedBudget: SpeedBudget;
  /** All of it together, ms; a timing that has begun is ended. */
  readonly timeMs: number;
  readonly threads: number;
  readonly sources: Sources;
  /** Run folder. */
  readonly out: string;
  readonly command: readonly string[];
  readonly progress: Progress;
  /** See BenchRequest. */
  readonly codeVersion?: string;
}

export interface CheckedPath {
  /** `webgpu/segments` */
  readonly name: string;
  /** Null: it ran; else why it cannot, and how it could. */
  readonly missing: { readonly reason: string; readonly fix: string } | null;
  /** What it runs on. */
  readonly details: Readonly<Record<string, string>>;
  readonly accelerator: string | null;
  /** Of each small model and plan: the largest difference of a logit from the reference's. */
  readonly parity: readonly {
    readonly label: string;
    readonly maxDifference: number;
    /** Images whose tokens were kept otherwise where two were as good as equal, and of which that cannot be said. */
    readonly ties: number;
    readonly keptOtherwise: number;
    /** Why there was no answer; null where there was. */
    readonly failure: string | null;
  }[];
  readonly timed: readonly TimedRow[];
  /** Ids of the groups that there was no time for. */
  readonly leftOut: readonly string[];
  readonly failures: readonly string[];
}

/** Medians. */
export interface TimedRow {
  readonly label: string;
  readonly batch: number;
  readonly msPerImage: number;
  /** Over the dense model of its group, measured and by strict FLOPs; null for that one. */
  readonly speedup: number | null;
  readonly promised: number | null;
  /** Of its matrix products alone; null where the backend does not run them by themselves. */
  readonly floorMs: number | null;
}

export interface GpuCheckOutcome {
  readonly paths: readonly CheckedPath[];
  /** 0; 1 where no path ran or a timing failed; 130 or 143 after a signal. */
  readonly exitCode: number;
}

/** @throws UserError for a folder in use, a full disk */
export async function checkGpu(request: GpuCheckRequest): Promise<GpuCheckOutcome> {
  const began = performance.now();
  const timeLeft = () => performance.now() - began < request.timeMs;
  // Float32 first: half precision is the first that there may be no time for.
  const asked = request.paths.toSorted((a, b) => Number(a.half === true) - Number(b.half === true));
  const missing: CheckedPath[] = [];
  const there: { readonly path: ExecutionPath; readonly opened: OpenedBackend; known: CheckedPath }[] = [];
  for (const path of asked) {
    request.progress.say(`looking for ${nameOf(path)}`);
    const { probed } = await probePath(path, request.pathOptions, true);
    if (probed.state === 'unavailable') {
      const { reason, fix } = probed;
      missing.push({ ...nothing, name: nameOf(path), missing: { reason, fix } });
      continue;
    }
    const { details, accelerator, backend, latency } = probed;
    there.push({
      path,
      opened: {
        ...{ name: path.name, form: path.form, runtime: runtimeOf(details), accelerator, backend, latency },
      },
      known: { ...nothing, name: nameOf(path), details, accelerator },
    });
  }
  const found = () => [...missing, ...there.map(({ known }) => known)];
  const parity = await parityOf(
    there.map(({ path }) => path),
    request,
  );
  if (typeof parity === 'number') return { paths: found(), exitCode: parity };
  for (const one of there) one.known = { ...one.known, parity: parity.get(one.known.name) ?? [] };
  for (const one of there) {
    const times = await timesOf(one.opened, request, timeLeft);
    one.known = { ...one.known, ...times.groups };
    if (times.stopped !== null) return { paths: found(), exitCode: times.stopped };
  }
  const paths = found();
  const ran = paths.filter(({ missing }) => missing === null);
  const well = ran.length > 0 && ran.every(({ failures }) => failures.length === 0);
  return { paths, exitCode: well ? 0 : 1 };
}

const nothing: Omit<CheckedPath, 'name'> = {
  missing: null,
  details: {},
  accelerator: null,
  parity: [],
  timed: [],
  leftOut: [],
  failures: [],
};

/** Time for the answers of one small model and plan: they are few, and all of them count. */
const answerMs = 60_000;

/** By path, of all together: one comparison a model. The exit code where a signal stopped it. */
async function parityOf(
  paths: readonly ExecutionPath[],
  { parity, speedBudget, threads, pathOptions, out, command, progress }: GpuCheckRequest,
): Promise<ReadonlyMap<string, CheckedPath['parity']> | number> {
  const found = new Map<string, CheckedPath['parity'][number][]>(paths.map((path) => [nameOf(path), []]));
  if (paths.length === 0) return found;
  for (const subject of parity) {
    const common = { speedBudget, threads, pathOptions, out, command, progress };
    const outcome = await compareBackends({
      ...{ ...subject, ...common, paths, pathsAsked: true },
      ...{ batches: [], budgetMs: answerMs },
    });
    if (outcome.state === 'stopped') return outcome.exitCode;
    for (const { model, plan, backend, outcome: result } of outcome.records) {
      const own = found.get(nameOf(backend))!;
      const label = `${model.name}, ${planName(plan)}`;
      if (result.state === 'unavailable') {
        own.push({ label, maxDifference: Number.NaN, ties: 0, keptOtherwise: 0, failure: result.reason });
        continue;
      }
      const { maxDifference, kept } = result.parity;
      const ties = kept?.ties ?? 0;
      const keptOtherwise = (kept?.images ?? 0) - ties;
      own.push({ label, maxDifference, ties, keptOtherwise, failure: null });
    }
  }
  return found;
}

type Groups = Pick<CheckedPath, 'timed' | 'leftOut' | 'failures'>;

async function timesOf(
  backend: OpenedBackend,
  { speeds, speedBudget, threads, sources, out, command, progress, codeVersion }: GpuCheckRequest,
  timeLeft: () => boolean,
): Promise<{ readonly groups: Groups; readonly stopped: number | null }> {
  const [leftOut, failures]: [string[], string[]] = [[], []];
  const timed: TimedRow[] = [];
  const groups: Groups = { timed, leftOut, failures };
  for (const experiment of speeds) {
    if (!timeLeft()) {
      leftOut.push(experiment.id);
      continue;
    }
    const request: BenchRequest = {
      ...{ experiments: [experiment], only: [], full: false, backend, speedBudget, threads, sources },
      ...{ out, command, progress, ...(codeVersion !== undefined && { codeVersion }) },
    };
    const outcome = await runBench(request);
    if (outcome.stoppedBy !== null) return { groups, stopped: outcome.exitCode };
    failures.push(...outcome.failures.map(({ label, reason }) => `${label}: ${reason}`));
    timed.push(...timedRows(out, experiment, backend));
  }
  return { groups, stopped: null };
}

/** Of one group, as its records say. */
function timedRows(
  out: string,
  { id, rows }: Experiment,
  { name, form }: Pick<OpenedBackend, 'name' | 'form'>,
): TimedRow[] {
  const records = latestRecords(readResults(out).records).filter(
    (record): record is SpeedRecord =>
      record.kind === 'speed' &&
      record.experiment === id &&
      record.backend.name === name &&
      record.backend.form === form,
  );
  return rows.flatMap((row) => {
    const own = records.find((record) => record.row === row.id);
    if (own === undefined) return [];
    const dense = records.find(({ key }) => key === own.speedup?.against);
    return {
      label: own.label,
      batch: own.batch,
      msPerImage: own.medianMs,
      speedup: own.speedup?.median ?? null,
      promised: dense === undefined ? null : dense.flops.strict / own.flops.strict,
      floorMs: own.floorMs === undefined ? null : median([...own.floorMs]),
    };
  });
}
