/** Fuzz target: results files. */
import { readResults } from './read.ts';
import { everyKind } from './test-support/records.ts';

export const seeds = Object.fromEntries(
  everyKind.map((record, at) => [
    `${at} ${record.kind}`,
    Buffer.from(`${JSON.stringify(everyKind[0])}\n${JSON.stringify(record)}\n`),
  ]),
);

export const words = [
  '\n',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"schema":1,',
  '"__proto__":{"a":1},',
  '\\ud800',
  '[[[[[[[[',
  '"kind":"run",',
];

export function read({ path }: { path: string }): void {
  readResults(path);
}
