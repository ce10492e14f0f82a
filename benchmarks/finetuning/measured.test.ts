/** What ships as measured: record, logs and weights belong together, and to the experiment as it is declared. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readLog, verdicts } from '@vssm/train';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';

const place = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const lines = readFileSync(place('measured/results.jsonl'), 'utf8').trim().split('\n');
const record = lines.map((line) => JSON.parse(line)).find(({ kind }) => kind === 'finetuning');
const weights = ['vim-nano-197', 'vim-nano-197-top'].map((name) =>
  place(`../../datasets/fashion-mnist/${name}.safetensors`),
);
const logs = place('measured/logs');
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

interface Training {
  readonly seed: number;
  readonly correct: number;
  readonly sha256: string;
}
const trainings: [name: string, training: Training][] = [
  ['dense', record.dense],
  ...record.rows.flatMap(({ row, after }: { row: string; after: Training[] }) =>
    after.map((one): [string, Training] => [`${row}-seed${one.seed}`, one]),
  ),
];

describe('the measured experiment', () => {
  it('is the declared one', () => {
    expect(record.recipes).toEqual({ dense: experiment.dense, finetuning: experiment.finetuning });
    expect(record.model.spec).toEqual(experiment.spec);
    expect(
      record.rows.map(({ row, plan, after }: { row: string; plan: unknown; after: Training[] }) => ({
        id: row,
        plan,
        seeds: after.map(({ seed }) => seed),
      })),
    ).toEqual(experiment.rows.map(({ id, plan, seeds }) => ({ id, plan, seeds })));
  });

  it('reached 90 % dense', () => {
    expect(record.dense.correct / record.dataset.test.total).toBeGreaterThanOrEqual(0.9);
  });

  it.each(trainings)('%s: the log ends with the record’s accuracy', (name, { correct }) => {
    const last = readLog(`${logs}/${name}.jsonl`).at(-1);
    expect(last).toMatchObject({ kind: 'epoch', test: { correct, count: record.dataset.test.total } });
  });

  it('follows from its rows', () => {
    const results = record.rows.map(
      ({ arm, keep, after }: { arm: string; keep: number; after: Training[] }) => ({
        arm,
        keep,
        ends: after.map(({ correct }) => (100 * correct) / record.dataset.test.total),
      }),
    );
    // The record's intervals were summed in another order, which moves a double's last two digits.
    const digits = (value: unknown) =>
      JSON.parse(JSON.stringify(value, (_, x) => (typeof x === 'number' ? Number(x.toPrecision(13)) : x)));
    expect(digits(verdicts(experiment.claims, results))).toEqual(digits(record.verdicts));
  });

  it('ships the dense weights and the best ones of ToP at keep 0.7', () => {
    expect(sha256(weights[0])).toBe(record.dense.sha256);
    const row = record.rows.find(({ row: id }: { row: string }) => id === 'decay@0.7');
    const best = row.after.reduce((a: Training, b: Training) => (b.correct > a.correct ? b : a));
    expect(sha256(weights[1])).toBe(best.sha256);
  });

  it('is small', () => {
    const files = [
      ...weights,
      place('measured/results.jsonl'),
      ...readdirSync(logs).map((name) => `${logs}/${name}`),
    ];
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(6e6);
  });
});
