/** Who stands where among rows at equal tokens: ranks as far as intervals tell, and each contender's best way. */
import { builtInRules } from '@vssm/core';
import type { AccuracyRecord } from '@vssm/results';
import type { Entry } from '../../evidence.ts';
import { isDense } from '../../groups.ts';
import { contenderName, type Plan } from '../../plan-names.ts';

/** Rows of one model on the same images. */
export interface Ground {
  readonly model: AccuracyRecord['model'];
  readonly dataset: AccuracyRecord['dataset'];
  readonly sample: AccuracyRecord['sample'];
  readonly dense: Entry<AccuracyRecord> | null;
  /** One for each schedule, the mildest first. */
  readonly schedules: readonly (readonly Standing[])[];
}

export interface Standing {
  readonly entry: Entry<AccuracyRecord>;
  /** The best and the worst place that the 95 % intervals allow among the rows of the schedule. */
  readonly places: readonly [number, number];
}

/** The grounds with the most images first. */
export function grounds(league: readonly Entry<AccuracyRecord>[]): Ground[] {
  const groups = Map.groupBy(league, ({ record: { model, dataset, sample } }) =>
    JSON.stringify([model.spec, model.weights, dataset.name, dataset.split, sample.idsHash]),
  );
  return [...groups.values()]
    .map(groundOf)
    .filter(({ schedules }) => schedules.length > 0)
    .sort((a, b) => b.sample.count - a.sample.count);
}

function groundOf(entries: readonly Entry<AccuracyRecord>[]): Ground {
  const [{ record: first }] = entries;
  const pruned = entries.filter(({ record }) => !isDense(record));
  const bySchedule = Map.groupBy(pruned, ({ record }) => record.schedule);
  const mildest = (group: readonly Standing[]) => -group[0].entry.record.tokens.reduce((sum, n) => sum + n);
  return {
    ...{ model: first.model, dataset: first.dataset, sample: first.sample },
    dense: entries.find(({ record }) => isDense(record)) ?? null,
    schedules: [...bySchedule.values()].map(standings).sort((a, b) => mildest(a) - mildest(b)),
  };
}

/** The most accurate first. */
export function standings(entries: readonly Entry<AccuracyRecord>[]): Standing[] {
  const sorted = [...entries].sort((a, b) => b.record.top1 - a.record.top1);
  return sorted.map((entry) => {
    const [low, high] = entry.record.interval;
    const above = sorted.filter(({ record }) => record.interval[0] > high).length;
    const notBelow = sorted.filter(({ record }) => record.interval[1] >= low).length;
    return { entry, places: [above + 1, notBelow] };
  });
}

/** Of each rule and operation the row that came highest. */
export function bestWays(standing: readonly Standing[]): Standing[] {
  const seen = new Set<string>();
  return standing.filter(({ entry }) => {
    const name = contenderName(entry.record.plan);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

/** Rows that no other one beats at the same or a lower cost, the cheapest first. */
export function front(entries: readonly Entry<AccuracyRecord>[]): Entry<AccuracyRecord>[] {
  const rising = [...entries].sort(
    (a, b) => a.record.flops.strict - b.record.flops.strict || b.record.top1 - a.record.top1,
  );
  let best = Number.NEGATIVE_INFINITY;
  return rising.filter(({ record }) => {
    if (record.top1 <= best) return false;
    best = record.top1;
    return true;
  });
}

/** Where a rule is from; what becomes of its tokens is ours where the rule only ranks them and they are merged. */
export function originOf(plan: Plan): string {
  const own = ruleOrigin(plan);
  const pairs = plan.signal === 'file' || builtInRules[plan.signal].pairs !== undefined;
  return pairs || plan.operation === undefined || own === 'ours' ? own : `${own}; merging ours`;
}

function ruleOrigin({ signal }: Plan): string {
  switch (signal) {
    case 'file':
      return 'a rule file';
    case 'random':
      return 'baseline';
    case 'gated':
    case 'gated-backward':
      return 'as published';
    case 'ssm':
    case 'evit':
      return 'our reading';
    default:
      return builtInRules[signal].origin ?? 'ours';
  }
}
