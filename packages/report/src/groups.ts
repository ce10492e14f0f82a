/** Accuracy records put beside each other: one experiment, one data set, one model. */
import { counted } from '@vssm/core';
import type { AccuracyRecord } from '@vssm/results';
import type { Entry, Evidence } from './evidence.ts';
import { shortHash } from './format.ts';
import { blocksName, keepName } from './plan-names.ts';

export interface AccuracyGroup {
  readonly experiment: string;
  readonly dataset: AccuracyRecord['dataset'];
  readonly model: AccuracyRecord['model'];
  readonly entries: readonly Entry<AccuracyRecord>[];
}

export function accuracyGroups({ accuracy }: Evidence): AccuracyGroup[] {
  const groups = new Map<string, AccuracyGroup & { entries: Entry<AccuracyRecord>[] }>();
  for (const entry of accuracy) {
    const { experiment, dataset, model } = entry.record;
    const key = JSON.stringify([
      experiment,
      dataset.name,
      dataset.split,
      dataset.sha256,
      model.spec,
      model.weights,
    ]);
    const group = groups.get(key);
    if (group !== undefined) group.entries.push(entry);
    else {
      groups.set(key, { experiment, dataset, model, entries: [entry] });
    }
  }
  return [...groups.values()];
}

export function isDense({ plan }: { readonly plan: AccuracyRecord['plan'] }): boolean {
  return plan.schedule.length === 0;
}

/** The dense model on the same images; the result that stands for the model, if that is one of them. */
export function denseBeside(record: AccuracyRecord, evidence: Evidence): Entry<AccuracyRecord> | null {
  const fits = evidence.accuracy.filter(
    ({ record: other }) => isDense(other) && sameImages(other, record) && sameModel(other, record),
  );
  const shown = denseNumbers(evidence);
  return fits.find((entry) => shown.includes(entry)) ?? fits[0] ?? null;
}

/**
 * The one dense result that stands for a model on a data set: the one on the images that most pruned results were taken
 * on, and of several the one with the most images.
 */
export function denseNumbers({ accuracy }: Evidence): Entry<AccuracyRecord>[] {
  const groups = Map.groupBy(accuracy, ({ record: { dataset, model } }) =>
    JSON.stringify([dataset.name, dataset.split, model.spec, model.weights]),
  );
  return [...groups.values()].flatMap((group) => {
    const pruned = group.filter(({ record }) => !isDense(record));
    const beside = ({ record }: Entry<AccuracyRecord>) =>
      pruned.filter((entry) => sameImages(entry.record, record)).length;
    const [first] = group
      .filter(({ record }) => isDense(record))
      .sort((a, b) => beside(b) - beside(a) || b.record.count - a.record.count);
    return first === undefined ? [] : [first];
  });
}

export function sameImages(a: AccuracyRecord, b: AccuracyRecord): boolean {
  return (
    a.dataset.name === b.dataset.name &&
    a.dataset.split === b.dataset.split &&
    a.sample.idsHash === b.sample.idsHash
  );
}

export function sameModel(
  a: { model: AccuracyRecord['model'] },
  b: { model: AccuracyRecord['model'] },
): boolean {
  return JSON.stringify([a.model.spec, a.model.weights]) === JSON.stringify([b.model.spec, b.model.weights]);
}

/** Names a record's pruning schedule, sample and backend as far as the records at hand differ in them. */
export function seriesNamer(records: readonly AccuracyRecord[]): (record: AccuracyRecord) => string {
  const pruned = records.filter((record) => !isDense(record));
  const differs = (name: (record: AccuracyRecord) => string) => new Set(pruned.map(name)).size > 1;
  const blocks = (record: AccuracyRecord) => blocksName(record.plan);
  const ids = ({ sample }: AccuracyRecord) => sample.idsHash;
  const counts = ({ sample }: AccuracyRecord) => counted(sample.count, 'image');
  const sameCount = new Set(pruned.map(ids)).size > new Set(pruned.map(counts)).size;
  const images = (record: AccuracyRecord) =>
    sameCount ? `${counts(record)} (ids ${shortHash(ids(record))})` : counts(record);
  const backend = ({ backend: { name, form } }: AccuracyRecord) => `${name} ${form}`;
  const withBlocks = differs(blocks);
  const withImages = differs(images);
  const withBackend = differs(backend);
  return (record) => {
    const parts = [keepName(record.plan, record.schedule)];
    if (withBlocks) parts.push(`after ${blocks(record)}`);
    if (withImages) parts.push(images(record));
    if (withBackend) parts.push(backend(record));
    return parts.join(', ');
  };
}

/** Highest keep ratio first, larger samples before smaller ones. */
export function bySeries(a: AccuracyRecord, b: AccuracyRecord): number {
  const kept = ({ plan }: AccuracyRecord) => plan.schedule.reduce((product, { keep }) => product * keep, 1);
  return kept(b) - kept(a) || b.sample.count - a.sample.count;
}
