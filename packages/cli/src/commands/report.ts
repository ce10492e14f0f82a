/** The work of `vssm report`: finds run folders and the paper's tables, writes the report. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { type WrittenReport, writeReport } from '@vssm/report';
import { type PaperTable, readHistory, readPaperTable, resultsFileName } from '@vssm/results';
import { note } from '../output.ts';

export const reportDefaults = { results: ['results'], out: 'reports/latest' } as const;

export interface ReportOptions {
  /** Run folders, results files, or folders of run folders. */
  readonly results: readonly string[];
  readonly out: string;
  /** Folder of `vssm history`, for trends. */
  readonly history?: string;
  /** Leaves a report alone that was made of the same. */
  readonly unlessUnchanged?: boolean;
  readonly json: boolean;
}

export interface ReportResult extends WrittenReport {
  /** The run folders and files that were read. */
  readonly runs: readonly string[];
}

/**
 * Writes the report. Without any result at the default place it says that nothing was run, and how to; a place
 * that was named and holds no result is an error.
 *
 * @throws UserError
 */
export async function report({ json, ...options }: ReportOptions): Promise<ReportResult> {
  const written = await writeReportOf(options);
  if (!json) note(summary(written.runs, written));
  return written;
}

/** The same without a word. */
export async function writeReportOf({
  results,
  out,
  history,
  unlessUnchanged = false,
}: Omit<ReportOptions, 'json'>): Promise<ReportResult> {
  const runs = results.flatMap(findRuns);
  const written = await writeReport({
    results: [...measuredBefore(), ...runs],
    benchmarks: paperTables(),
    out,
    history: history === undefined ? [] : readHistory(history),
    unlessUnchanged,
  });
  return { ...written, runs };
}

/** The run itself, or the runs inside a folder in the order of their names. */
export function findRuns(place: string): string[] {
  const isDefault = (reportDefaults.results as readonly string[]).includes(place);
  if (!existsSync(place)) {
    if (isDefault) return [];
    throw new UserError(`results "${place}": no such file or folder; vssm bench writes results`);
  }
  if (!statSync(place).isDirectory() || existsSync(join(place, resultsFileName))) return [place];
  const inside = readdirSync(place)
    .sort()
    .map((name) => join(place, name))
    .filter((folder) => existsSync(join(folder, resultsFileName)));
  if (inside.length === 0 && !isDefault) {
    throw new UserError(`results "${place}": neither ${resultsFileName} nor a folder with one is in it`);
  }
  return inside;
}

/** The paper's numbers of every benchmark that has some. */
function paperTables(): PaperTable[] {
  return filesOfBenchmarks('paper.json').map(readPaperTable);
}

/** Results that ship with a benchmark, because they take hours to measure. */
function measuredBefore(): string[] {
  return filesOfBenchmarks(join('measured', resultsFileName));
}

function filesOfBenchmarks(name: string): string[] {
  const folder = join(import.meta.dirname, '../../../../benchmarks');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((benchmark) => join(folder, benchmark, name))
    .filter((file) => existsSync(file));
}

function summary(runs: readonly string[], { index, records, partial, warnings }: WrittenReport): string {
  const lines = warnings.map((warning) => `warning: ${warning}`);
  if (runs.length === 0) lines.push('no results yet: vssm bench makes them; the report says so too');
  else {
    lines.push(
      `${records.accuracy} accuracies, ${records.speed} timings, ${records.skipped} rows not run${partial ? '; partial, not comparable' : ''}`,
    );
  }
  return [...lines, `report: ${index}`].join('\n');
}
