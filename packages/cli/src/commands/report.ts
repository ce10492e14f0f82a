/** The work of `vssm report`: finds run folders and the paper's tables, writes the report. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { counted, UserError } from '@vssm/core';
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
}

export interface ReportResult extends WrittenReport {
  /** The run folders and files that were read. */
  readonly runs: readonly string[];
  /** For people. */
  readonly text: string;
}

/**
 * Writes the report. Without any result at the default place it says that nothing was run, and how to; a place
 * that was named and holds no result is an error.
 *
 * @throws UserError
 */
export async function report(options: ReportOptions): Promise<ReportResult> {
  const written = await writeReportOf(options);
  for (const warning of written.warnings) note(`warning: ${warning}`);
  return written;
}

/** The same without a word. */
export async function writeReportOf({
  results,
  out,
  history,
  unlessUnchanged = false,
}: ReportOptions): Promise<ReportResult> {
  const runs = results.flatMap(findRuns);
  const written = await writeReport({
    results: runs,
    shipped: measuredBefore(),
    benchmarks: paperTables(),
    out,
    history: history === undefined ? [] : readHistory(history),
    unlessUnchanged,
  });
  return { ...written, runs, text: summary(runs, written) };
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

function summary(runs: readonly string[], { index, records, partial }: WrittenReport): string {
  const lines: string[] = [];
  if (runs.length === 0) lines.push('no results yet: vssm bench makes them; the report says so too');
  else {
    lines.push(
      `${counted(records.accuracy, 'accuracy', 'accuracies')}, ${counted(records.speed, 'timing')}, ${counted(records.vision, 'detection or segmentation', 'detections or segmentations')}, ${counted(records.skipped, 'row')} not run${partial ? '; partial, not comparable' : ''}`,
    );
  }
  return [...lines, `report: ${index}`].join('\n');
}
