import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paperTableSchema, readPaperTable } from './paper.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

const table = {
  table: 1,
  title: 'made up',
  dataset: 'made-up data',
  images: 10,
  rows: [
    { id: 'a', model: 'A', method: 'dense', values: { top1: { value: 1, source: 'T' } } },
    { id: 'b', model: 'B', method: 'top', values: { top1: { value: null, reason: 'not known' } } },
    { id: 'c', model: 'C', method: 'top', values: { top1: { text: 'a little less', source: 'A, T' } } },
  ],
  sources: { A: 'the abstract', T: 'a table' },
};

describe('paper tables', () => {
  it('take numbers, words and unknowns, each vouched for', () => {
    expect(paperTableSchema.parse(table)).toEqual(table);
  });

  it('refuse a number without a source, an unknown tag, and a row told twice', () => {
    const withValue = (value: unknown) => ({
      ...table,
      rows: [{ ...table.rows[0], values: { top1: value } }],
    });
    expect(paperTableSchema.safeParse(withValue({ value: 1 })).success).toBe(false);
    expect(
      paperTableSchema.safeParse(withValue({ value: 1, source: 'Z' })).error?.issues[0].message,
    ).toContain('source "Z"');
    expect(paperTableSchema.safeParse({ ...table, rows: [table.rows[0], table.rows[0]] }).success).toBe(
      false,
    );
  });

  it('are read from a file, which errors name', () => {
    const file = join(temporaryFolder(), 'paper.json');
    writeFileSync(file, JSON.stringify(table));
    expect(readPaperTable(file)).toEqual(table);
    writeFileSync(file, '{}');
    expect(() => readPaperTable(file)).toThrow(`${file}: table: `);
  });
});
