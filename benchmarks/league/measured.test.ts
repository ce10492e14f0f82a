/** What ships as measured: rows as they are declared, and answers that give their accuracies. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';
import { leaguePage } from './tables.ts';

const place = (name: string) => fileURLToPath(new URL(`measured/${name}`, import.meta.url));
const lines = (name: string) =>
  readFileSync(place(name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const records = lines('results.jsonl').filter(({ kind }) => kind === 'accuracy');
const answers = new Map<string, { readonly images: number; readonly right: string }>(
  lines('right.jsonl').map((line) => [line.predictions, line]),
);
const declared = new Map(experiment.rows.map((row) => [row.id, row]));

describe('the measured league', () => {
  it('has rows on all test images, each once', () => {
    expect(records.length).toBeGreaterThan(15);
    expect(new Set(records.map(({ row }) => row)).size).toBe(records.length);
    for (const { count, sample } of records) expect([count, sample.how]).toEqual([10_000, 'all']);
  });

  it.each(records.map((record) => [record.row, record]))('%s is the declared one', (row, record) => {
    const own = declared.get(row);
    expect(own).toMatchObject({ kind: 'accuracy', label: record.label, plan: record.plan });
    const { images, right } = answers.get(record.predictions.sha256)!;
    const bits = [...Buffer.from(right, 'base64')].flatMap((byte) => byte.toString(2).split(''));
    expect(images).toBe(record.count);
    expect(bits.filter((bit) => bit === '1')).toHaveLength(record.correct1);
  });

  it('is what docs/league.md has in its tables', () => {
    const page = readFileSync(new URL('../../docs/league.md', import.meta.url), 'utf8');
    expect(page).toBe(leaguePage(page));
  });

  it('is small', () => {
    const bytes = ['results.jsonl', 'right.jsonl'].map((name) => statSync(place(name)).size);
    expect(bytes[0] + bytes[1]).toBeLessThan(2e6);
  });
});
