/**
 * Which of several results of one thing count. What a result is of (its subject) is everything that was chosen: row,
 * model, plan, data, backend. Results of different subjects never replace each other; of one subject a complete
 * result replaces cut-down ones, and on the same images the newest counts, since newer code made it. What is left
 * out is counted, so that the report can say so.
 */
import { counted, planName } from '@vssm/core';
import type { AccuracyRecord, SpeedRecord, StripRecord, VisionRecord } from '@vssm/results';
import type { Entry } from './evidence.ts';

export interface Counted<T extends Measured> {
  readonly entries: readonly Entry<T>[];
  /** For people; empty where nothing was left out. */
  readonly leftOut: readonly string[];
}

type Measured = AccuracyRecord | SpeedRecord | StripRecord | VisionRecord;

/** In file order. */
export function withoutSuperseded<T extends Measured>(entries: readonly Entry<T>[]): Counted<T> {
  const complete = new Set(entries.filter(({ record }) => !isPartial(record)).map(subjectOf));
  const uncut = entries.filter((entry) => !isPartial(entry.record) || !complete.has(subjectOf(entry)));
  const newest = [...new Map(uncut.map((entry) => [onSameImages(entry), entry])).values()];
  const leftOut: string[] = [];
  const cut = entries.length - uncut.length;
  const older = uncut.length - newest.length;
  if (cut > 0) leftOut.push(`${results(cut)} on part of the images: the same was measured on all of them`);
  if (older > 0) leftOut.push(`${results(older)}, measured again later: the newest is shown`);
  return { entries: newest, leftOut };
}

const results = (count: number) => counted(count, 'result');

function isPartial(record: Measured): boolean {
  if (record.kind === 'accuracy') return record.sample.partial;
  return record.kind === 'vision' && record.partial;
}

function onSameImages(entry: Entry<Measured>): string {
  const { record } = entry;
  const images = record.kind === 'accuracy' ? record.sample.idsHash : '';
  return `${subjectOf(entry)}\n${images}`;
}

function subjectOf({ record, folder }: Entry<Measured>): string {
  const { experiment, row, model, plan } = record;
  const spec = 'spec' in model ? model.spec : model.name;
  const weights = model.weights.from === 'checkpoint' ? model.weights.sha256 : model.weights.seed;
  return JSON.stringify([
    record.kind,
    experiment,
    row,
    spec,
    weights,
    planName(plan),
    ...placeOf(record, folder),
  ]);
}

/** Accuracies are the same anywhere; pictures, and what is timed, belong to their folder. */
function placeOf(record: Measured, folder: string): readonly unknown[] {
  switch (record.kind) {
    case 'accuracy': {
      const { dataset, backend } = record;
      return [dataset.name, dataset.split, dataset.sha256, backend.name, backend.form];
    }
    case 'speed': {
      const { backend, threads } = record;
      return [folder, backend.name, backend.form, threads];
    }
    case 'strip':
      return [folder, record.dataset.name, record.dataset.split];
    case 'vision': {
      const { dataset } = record;
      return [folder, dataset.name, dataset.split, dataset.sha256];
    }
    default:
      throw record satisfies never;
  }
}
