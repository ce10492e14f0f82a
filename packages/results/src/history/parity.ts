/** Agreement of backends: the same row on the same images, answered by two of them, image by image. */
import { join } from 'node:path';
import { z } from 'zod';
import { count, line, whole } from '../fields.ts';
import { readPredictions } from '../predictions.ts';
import { latestRecords } from '../read.ts';
import type { AccuracyRecord, ResultRecord } from '../schema.ts';

export const paritySchema = z.strictObject({
  /** `experiment/row`. */
  row: line(300),
  /** `name form`, in the order of their names. */
  backends: z.tuple([line(130), line(130)]),
  images: count,
  /** Images with another first answer. */
  differing: whole,
});

export type Parity = z.infer<typeof paritySchema>;

/** @throws UserError when a predictions file is missing or damaged */
export function backendParity(
  runs: readonly { readonly folder: string; readonly records: readonly ResultRecord[] }[],
): Parity[] {
  const found = runs.flatMap(({ folder, records }) =>
    latestRecords(records).flatMap((record) => (record.kind === 'accuracy' ? [{ folder, record }] : [])),
  );
  const rowOf = ({ record }: Answered) =>
    JSON.stringify([record.experiment, record.row, record.dataset.name, record.sample.idsHash]);
  return [...Map.groupBy(found, rowOf).values()].flatMap((group) => {
    const [first, ...others] = group.toSorted((a, b) => (backendOf(a) < backendOf(b) ? -1 : 1));
    return others
      .filter((other) => backendOf(other) !== backendOf(first))
      .map((other): Parity => {
        const { experiment, row, sample } = first.record;
        const backends: Parity['backends'] = [backendOf(first), backendOf(other)];
        return {
          row: `${experiment}/${row}`,
          backends,
          images: sample.count,
          differing: differing(first, other),
        };
      });
  });
}

interface Answered {
  readonly folder: string;
  readonly record: AccuracyRecord;
}

function backendOf({ record: { backend } }: Answered): string {
  return `${backend.name} ${backend.form}`;
}

function differing(one: Answered, other: Answered): number {
  const [a, b] = [one, other].map(firstAnswers);
  return a.filter((answer, at) => answer !== b[at]).length;
}

/** Null for an image without an answer. */
function firstAnswers({ folder, record }: Answered): (number | null)[] {
  const lines = readPredictions(join(folder, record.predictions.file));
  return lines.map((line) => ('top' in line ? line.top[0] : null));
}
