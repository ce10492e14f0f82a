/** What ships as measured: records, logs and weights belong together, and to the experiments as they are declared. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FinetuningRecord, readResults } from '@vssm/results';
import { readLog, verdicts } from '@vssm/train';
import { describe, expect, it } from 'vitest';
import { experiments } from './experiment.ts';
import { finetunedTable, lossTables } from './table.ts';

const place = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const records = readResults(place('measured')).records.filter(
  (record): record is FinetuningRecord => record.kind === 'finetuning',
);
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const named = experiments.map((experiment) => {
  const record = records.find(({ experiment: id }) => id === experiment.id)!;
  return [experiment.id, { experiment, record }] as const;
});

describe.each(named)('%s', (id, { experiment, record }) => {
  it('is the declared experiment', () => {
    expect(record.recipes).toEqual({ dense: experiment.dense, finetuning: experiment.finetuning });
    expect(record.model.spec).toEqual(experiment.spec);
    const rows = record.rows.map(({ row, plan, after }) => ({
      id: row,
      plan,
      seeds: after.map(({ seed }) => seed),
    }));
    expect(rows).toEqual(experiment.rows.map(({ id: row, plan, seeds }) => ({ id: row, plan, seeds })));
    expect(record.trainingFree!.map(({ row, plan }) => ({ id: row, plan }))).toEqual(
      experiment.trainingFree!.map(({ id: row, plan }) => ({ id: row, plan })),
    );
  });

  it('ends its logs with the record’s accuracies', () => {
    const trainings = [
      ['dense', record.dense] as const,
      ...record.rows.flatMap(({ row, after }) =>
        after.map((one) => [`${row}-seed${one.seed}`, one] as const),
      ),
    ];
    for (const [name, { correct }] of trainings) {
      const last = readLog(place(`measured/logs/${id}/${name}.jsonl`)).at(-1);
      expect(last, name).toMatchObject({
        kind: 'epoch',
        test: { correct, count: record.dataset.test.total },
      });
    }
  });

  it('has its dense row from its dense model, whose weights ship', () => {
    const [dense] = record.trainingFree!;
    expect([dense.row, dense.correct]).toEqual(['dense', record.dense.correct]);
    expect(sha256(place(`measured/weights/${id}.safetensors`))).toBe(record.dense.sha256);
  });

  it('concludes what follows from its rows', () => {
    const results = record.rows.map(({ arm, keep, after }) => ({
      arm,
      keep,
      ends: after.map(({ correct }) => (100 * correct) / record.dataset.test.total),
    }));
    expect(verdicts(experiment.claims, results)).toEqual(record.verdicts);
  });
});

it('is what docs/class-token.md shows', () => {
  const page = readFileSync(place('../../docs/class-token.md'), 'utf8');
  expect(page).toContain(lossTables(records));
  expect(page).toContain(finetunedTable(records));
});

it('is small', () => {
  const files = readdirSync(place('measured'), { recursive: true, withFileTypes: true });
  const sizes = files.map((file) => (file.isFile() ? statSync(`${file.parentPath}/${file.name}`).size : 0));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5e6);
});
