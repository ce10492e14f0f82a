/** Where results go: one JSON document on stdout with `--json`, a text for people on stdout without; progress and notes on stderr. */
import { printable, printableJson, printableLines } from '@vssm/core';

export interface OutputOptions {
  readonly json?: boolean;
}

export function printResult(options: OutputOptions, result: unknown, human: string): void {
  if (options.json === true) process.stdout.write(`${printableJson(result)}\n`);
  else process.stdout.write(`${printableLines(human)}\n`);
}

/** A line for people beside the result: progress, warnings, what was noticed. */
export function note(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
}

/** Lines of `name  value`, aligned. */
export function listing(given: readonly (readonly [string, string])[]): string {
  const rows = given.map((row) => row.map(printable) as [string, string]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Columns aligned, the first to the left and the others to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
