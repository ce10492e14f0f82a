/** What a report was made of, as one hash: a report made of the same need not be made again. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HistoryEntry, type PaperTable, resultsFileName } from '@vssm/results';
import { markerFile } from './files.ts';

export interface ReportSources {
  /** Run folders or results files. */
  readonly results: readonly string[];
  /** Results files that ship with the project, below those: shown, and not counted as this run's. */
  readonly shipped?: readonly string[];
  /** The paper's numbers, one table per benchmark. */
  readonly benchmarks: readonly PaperTable[];
  /** What earlier commits gave, oldest first. */
  readonly history?: readonly HistoryEntry[];
}

/** In every report, beside the marker. */
export const madeOfFile = 'made-of.json';

const packages = fileURLToPath(new URL('../../', import.meta.url));
/** What draws and words the report. */
const drawnBy = [
  'report/src',
  'report/assets',
  'report/package.json',
  'results/src',
  'families/src',
  'core/src',
];

/** SHA-256 over results, the state of their predictions files, the paper's numbers, history, and our own sources. */
export function madeOf({ results, shipped = [], benchmarks, history = [] }: ReportSources): string {
  const hash = createHash('sha256').update(JSON.stringify([shipped, results, benchmarks, history]));
  for (const place of [...shipped, ...results]) {
    const file = statSync(place).isDirectory() ? join(place, resultsFileName) : place;
    hash.update(readFileSync(file));
    for (const path of filesIn(join(dirname(file), 'predictions'))) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path}\t${size}\t${mtimeMs}\n`);
    }
  }
  for (const part of drawnBy) {
    for (const path of filesIn(join(packages, part))) hash.update(`${path}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** True when the folder holds a whole report made of that. */
export function isMadeOf(folder: string, hash: string): boolean {
  if (![markerFile, 'index.html', madeOfFile].every((name) => existsSync(join(folder, name)))) return false;
  try {
    return JSON.parse(readFileSync(join(folder, madeOfFile), 'utf8')).sha256 === hash;
  } catch {
    return false;
  }
}

function filesIn(place: string): string[] {
  if (!existsSync(place)) return [];
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
