/** The run folders that are merged, and the refusals that name them. */
import { dirname } from 'node:path';
import { UserError } from '@vssm/core';
import { type ResultRecord, readResults } from '@vssm/results';

/** A record with the results file it stands in. */
export interface Sourced<T extends ResultRecord = ResultRecord> {
  readonly record: T;
  readonly file: string;
}

export interface SourceFolder {
  readonly file: string;
  readonly folder: string;
  readonly records: readonly ResultRecord[];
}

/** @throws UserError for a folder without results, a damaged one, or one whose run was cut off in a line */
export function readSources(folders: readonly string[]): SourceFolder[] {
  return folders.map((given) => {
    const { file, records, tornBytes } = readResults(given);
    if (tornBytes > 0) {
      throw new UserError(
        `${file}: ends in a line cut short; its run goes on still, or was killed: run the same command again`,
      );
    }
    return { file, folder: dirname(file), records };
  });
}

/** Refuses records of which a part differs: names the part, both values and both files. */
export function refuseDifferent(what: string, part: string, one: Place, other: Place): void {
  const difference = firstDifference(one.value, other.value);
  if (difference === null) return;
  const { path, a, b } = difference;
  const name = path === '' ? part : `${part}.${path}`;
  throw new UserError(
    `${what}: ${name} is ${a} in ${one.file} and ${b} in ${other.file}; they cannot be merged`,
  );
}

interface Place {
  readonly file: string;
  readonly value: unknown;
}

/** Where two JSON values first differ, and what stands there. */
function firstDifference(
  one: unknown,
  other: unknown,
  path = '',
): { path: string; a: string; b: string } | null {
  if (isObject(one) && isObject(other)) {
    for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const found = firstDifference(one[name], other[name], path === '' ? name : `${path}.${name}`);
      if (found !== null) return found;
    }
    return null;
  }
  const [a, b] = [one, other].map((value) => (value === undefined ? 'absent' : JSON.stringify(value)));
  return a === b ? null : { path, a, b };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
