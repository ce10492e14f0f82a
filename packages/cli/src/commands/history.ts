/** The work of `vssm history`: keeps what this commit gave, and holds it against what earlier ones gave. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { counted, UserError } from '@vssm/core';
import {
  type Against,
  againstSchema,
  backendParity,
  type Held,
  heldAgainst,
  historyEntry,
  readHistory,
  readResults,
  writeHistory,
} from '@vssm/results';
import { printResult } from '../output.ts';
import { findRuns } from './report.ts';

export interface HistoryOptions {
  readonly results: readonly string[];
  readonly history: string;
  readonly against?: string;
  readonly json?: boolean;
}

export function history(options: HistoryOptions): void {
  const runs = options.results.flatMap(findRuns).map((place) => {
    const { file, records } = readResults(place);
    return { folder: dirname(file), records };
  });
  const records = runs.flatMap((run) => run.records);
  const against = options.against === undefined ? null : readAgainst(options.against);
  const entry = historyEntry(records, backendParity(runs), against);
  const held = heldAgainst(entry, readHistory(options.history));
  const file = writeHistory(options.history, entry);
  printResult(options, { file, ...held }, words(file, held));
  if (held.regressions.length > 0) process.exitCode = 1;
}

function readAgainst(file: string): Against {
  const parsed = againstSchema.safeParse(parseJson(file));
  if (!parsed.success) throw new UserError(`--against ${file}: not what vssm against --json prints`);
  return parsed.data;
}

function parseJson(file: string): unknown {
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`--against ${file}: not JSON`);
  }
}

function words(file: string, { regressions, compared, disturbed }: Held): string {
  const lines = regressions.map(({ gate, row, message }) => `${gate}: ${row}: ${message}`);
  const made = Object.entries(compared)
    .filter(([, count]) => count > 0)
    .map(([gate, count]) => `${gate} ${count}`);
  if (made.length === 0) {
    lines.push('nothing was compared: no earlier commit is kept with these rows, images and backends');
  } else {
    const found = regressions.length === 0 ? 'no regression' : `${regressions.length} found`;
    lines.push(`${found}; values that had an earlier one: ${made.join(', ')}`);
  }
  if (disturbed > 0) {
    lines.push(
      `${counted(disturbed, 'time')} compared with nothing: other work disturbed the timing; repeat it on a quiet machine`,
    );
  }
  return [...lines, `kept: ${file}`].join('\n');
}
