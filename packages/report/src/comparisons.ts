/** Records of backends held against the reference, in the groups that were made together. */
import type { ComparisonRecord } from '@vssm/results';
import type { Entry, Evidence } from './evidence.ts';
import { pathName } from './plan-names.ts';

type Outcome = ComparisonRecord['outcome'];
export type Measured = Extract<Outcome, { state: 'measured' }>;
export type Parity = Measured['parity'];

export interface MeasuredBackend {
  readonly record: ComparisonRecord;
  readonly outcome: Measured;
  readonly name: string;
}

export interface MissingBackend {
  readonly name: string;
  /** Schedules that it could not run; empty: all of them. */
  readonly schedules: readonly string[];
  readonly reason: string;
  readonly fix: string;
}

export interface Comparison {
  readonly model: string;
  readonly cpu: string;
  readonly threads: number;
  readonly images: ComparisonRecord['images'];
  /** By plan in the order of the file, the dense one first. */
  readonly measured: readonly MeasuredBackend[];
  readonly missing: readonly MissingBackend[];
  /** Batch sizes that were timed, rising. */
  readonly batches: readonly number[];
}

/** Of each model, its plans, machine and number of threads the last group. */
export function backendComparisons({ comparisons }: Pick<Evidence, 'comparisons'>): Comparison[] {
  const last = new Map<string, readonly Entry<ComparisonRecord>[]>();
  for (const entries of Map.groupBy(comparisons, ({ record }) => record.group).values()) {
    const [{ record, run }] = entries;
    const { spec, weights } = record.model;
    const plans = new Set(entries.map(({ record: { plan } }) => JSON.stringify(plan)));
    const cpu = run?.environment.cpu ?? null;
    last.set(JSON.stringify([spec, weights, [...plans], record.threads, cpu]), entries);
  }
  return [...last.values()].map(comparisonOf);
}

/** How many comparisons `backendComparisons` leaves out for later ones of the same. */
export function earlierComparisons(evidence: Pick<Evidence, 'comparisons'>): number {
  const groups = new Set(evidence.comparisons.map(({ record }) => record.group));
  return groups.size - backendComparisons(evidence).length;
}

function comparisonOf(entries: readonly Entry<ComparisonRecord>[]): Comparison {
  const [{ record, run }] = entries;
  const measured = entries.flatMap(({ record: own }): MeasuredBackend[] =>
    own.outcome.state === 'measured'
      ? [{ record: own, outcome: own.outcome, name: pathName(own.backend) }]
      : [],
  );
  const batches = measured.flatMap(({ outcome }) => outcome.timings.map(({ batch }) => batch));
  return {
    model: record.model.name,
    cpu: run?.environment.cpu ?? 'an unnamed machine',
    threads: record.threads,
    images: record.images,
    measured,
    missing: missingOf(entries.map((entry) => entry.record)),
    batches: [...new Set(batches)].sort((a, b) => a - b),
  };
}

function missingOf(records: readonly ComparisonRecord[]): MissingBackend[] {
  const plans = new Set(records.map(({ schedule }) => schedule)).size;
  const failed = records.flatMap((record) =>
    record.outcome.state === 'unavailable'
      ? [{ name: pathName(record.backend), schedule: record.schedule, ...record.outcome }]
      : [],
  );
  const alike = Map.groupBy(failed, ({ name, reason, fix }) => JSON.stringify([name, reason, fix]));
  return [...alike.values()].map((group) => {
    const [{ name, reason, fix }] = group;
    const everywhere = group.length === plans;
    return { name, reason, fix, schedules: everywhere ? [] : group.map(({ schedule }) => schedule) };
  });
}
