/** Records of ways to carry out a model, in the groups that were timed interleaved. */
import type { ProfileRecord, SpeedRecord } from '@vssm/results';
import { mean, ratioOf, type Spread, spreadOf } from '@vssm/results/statistics';
import type { Entry, Evidence } from './evidence.ts';
import { isDense } from './groups.ts';

export type Execution = NonNullable<SpeedRecord['execution']>;
export type ExecutionForm = Execution['form'];
export type ExecutionEntry = Entry<SpeedRecord>;

/** `forms`: several ways with one model. `pruning`: several plans in one way. `lengths`: several image sizes. */
export type GroupKind = 'forms' | 'pruning' | 'lengths';

export interface ExecutionGroup {
  readonly kind: GroupKind;
  readonly model: string;
  readonly threads: number;
  readonly entries: readonly ExecutionEntry[];
}

/** The fullest group of each kind, model, machine and number of threads; of equals the last. */
export function executionGroups({ executions }: Pick<Evidence, 'executions'>): ExecutionGroup[] {
  const timed = Map.groupBy(executions, ({ record, folder }) =>
    JSON.stringify([folder, record.execution!.group]),
  );
  const best = new Map<string, ExecutionGroup>();
  for (const entries of timed.values()) {
    const [{ record, run }] = entries;
    const group: ExecutionGroup = {
      kind: kindOf(entries),
      model: record.model.name,
      threads: record.threads,
      entries,
    };
    const key = JSON.stringify([group.kind, group.model, group.threads, run?.environment.cpu ?? null]);
    if (entries.length >= (best.get(key)?.entries.length ?? 0)) best.set(key, group);
  }
  return [...best.values()];
}

/** How many groups `executionGroups` leaves out for fuller or later ones. */
export function otherGroups(evidence: Pick<Evidence, 'executions'>): number {
  const groups = new Set(
    evidence.executions.map(({ record, folder }) => JSON.stringify([folder, record.execution!.group])),
  );
  return groups.size - executionGroups(evidence).length;
}

function kindOf(entries: readonly ExecutionEntry[]): GroupKind {
  const distinct = (value: (entry: ExecutionEntry) => unknown) => new Set(entries.map(value)).size;
  if (distinct(({ record }) => record.model.spec.imageWidth) > 1) return 'lengths';
  return distinct(({ record }) => record.execution!.form) > 1 ? 'forms' : 'pruning';
}

export function formOf({ record }: ExecutionEntry): ExecutionForm {
  return record.execution!.form;
}

/** The entry of a form, dense or pruned (with the state's decay, or as told). */
export function armOf(
  { entries }: ExecutionGroup,
  form: ExecutionForm,
  pruned: false | SpeedRecord['plan']['alignment'] = false,
): ExecutionEntry | null {
  const fits = (entry: ExecutionEntry) =>
    formOf(entry) === form &&
    (pruned === false
      ? isDense(entry.record)
      : !isDense(entry.record) && entry.record.plan.alignment === pruned);
  return entries.find(fits) ?? null;
}

/** Time of one over that of another, round by round. */
export function timeRatio(a: ExecutionEntry, b: ExecutionEntry): Spread {
  return ratioOf(a.record.samplesMs, b.record.samplesMs);
}

/** The faster of the forms that are ONNX Runtime alone, dense. */
export function bestWhole(group: ExecutionGroup): ExecutionEntry | null {
  const wholes = (['whole-scan', 'whole-linear-attention'] as const)
    .map((form) => armOf(group, form))
    .filter((entry) => entry !== null);
  return wholes.toSorted((a, b) => a.record.medianMs - b.record.medianMs)[0] ?? null;
}

/** By length, the shortest first. */
export function byLength({ entries }: ExecutionGroup): ExecutionEntry[] {
  return entries.toSorted((a, b) => a.record.tokens[0] - b.record.tokens[0]);
}

/** Time per token of one over that of another, round by round. */
export function tokenTimeRatio(a: ExecutionEntry, b: ExecutionEntry): Spread {
  const perToken = ({ record }: ExecutionEntry) => record.samplesMs.map((ms) => ms / record.tokens[0]);
  return ratioOf(perToken(a), perToken(b));
}

export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** Largest distance of a point from the line, as a share of the point. */
  readonly deviation: number;
}

/** Least squares through [x, y]; at least two different x. */
export function fitLine(points: readonly (readonly [number, number])[]): Line {
  const centreX = mean(points.map(([x]) => x));
  const centreY = mean(points.map(([, y]) => y));
  const slope =
    points.reduce((sum, [x, y]) => sum + (x - centreX) * (y - centreY), 0) /
    points.reduce((sum, [x]) => sum + (x - centreX) ** 2, 0);
  const intercept = centreY - slope * centreX;
  const deviation = Math.max(...points.map(([x, y]) => Math.abs(intercept + slope * x - y) / y));
  return { intercept, slope, deviation };
}

export interface ProfilePair {
  readonly model: string;
  readonly dense: Entry<ProfileRecord>;
  readonly pruned: Entry<ProfileRecord> | null;
}

/** Per model and machine the profile of most rounds; of equals the last. */
export function profilePairs({ profiles }: Evidence): ProfilePair[] {
  const groups = Map.groupBy(profiles, ({ record, run }) =>
    JSON.stringify([record.model.name, run?.environment.cpu ?? null]),
  );
  const rounds = ({ record }: Entry<ProfileRecord>) => record.parts[0].samplesMs.length;
  const fullest = (entries: readonly Entry<ProfileRecord>[]) =>
    entries.toReversed().toSorted((a, b) => rounds(b) - rounds(a))[0] ?? null;
  return [...groups.values()].flatMap((entries) => {
    const [pruned, dense] = [false, true].map((wanted) =>
      fullest(entries.filter(({ record }) => isDense(record) === wanted)),
    );
    return dense === null ? [] : [{ model: dense.record.model.name, dense, pruned }];
  });
}

export interface PartTotal {
  readonly part: ProfileRecord['parts'][number]['part'];
  /** Per image, over all blocks. */
  readonly ms: number;
  readonly gflops: number;
  readonly bytes: number;
  /** Of the time of all parts, 0 … 1. */
  readonly share: number;
}

export function partTotals({ parts }: ProfileRecord): PartTotal[] {
  const all = parts.reduce((sum, { medianMs }) => sum + medianMs, 0);
  return [...Map.groupBy(parts, ({ part }) => part)].map(([part, own]) => {
    const total = (field: 'medianMs' | 'gflops' | 'bytes') => own.reduce((sum, one) => sum + one[field], 0);
    const ms = total('medianMs');
    return { part, ms, gflops: total('gflops'), bytes: total('bytes'), share: ms / all };
  });
}

/** Scoring, selection and gathers as a share of a pruned image's time, round by round. */
export function pruningShare({ parts, scoring }: ProfileRecord): Spread | null {
  if (scoring === null) return null;
  return spreadOf(
    scoring.samplesMs.map((score, round) => {
      const total = (wanted: (part: string) => boolean) =>
        parts.reduce((sum, { part, samplesMs }) => sum + (wanted(part) ? samplesMs[round] : 0), 0);
      return (total((part) => part === 'pruning') + score) / total(() => true);
    }),
  );
}
