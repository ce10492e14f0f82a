/** What ships as measured so far: record, logs and weights belong together, and to the experiments as they are declared. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FinetuningRecord, readResults } from '@vssm/results';
import { endsOf } from '@vssm/results/trained';
import { type EpochLine, type RunLine, readLog, verdicts } from '@vssm/train';
import { describe, expect, it } from 'vitest';
import { experiments } from './experiment.ts';
import { shippedArm, shippedModels } from './shipped.ts';

const place = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const measured = readResults(place('measured/results.jsonl')).records.filter(
  (one) => one.kind === 'finetuning',
);
const parts = experiments.flatMap((experiment) => {
  // A part that goes on writes its record again.
  const record = measured.findLast((one) => one.experiment === experiment.id);
  return record === undefined ? [] : [{ id: experiment.id, experiment, record }];
});

type Training = FinetuningRecord['dense'];

it('has at least one of the models', () => expect(parts).not.toEqual([]));

describe.each(parts)('$id', ({ id, experiment, record }) => {
  const trainings: [name: string, training: Training, recipe: object][] = [
    ['dense', record.dense, record.recipes.dense],
    ...record.rows.flatMap(({ row, after, learningRate = record.recipes.finetuning.learningRate }) =>
      after.map((one): [string, Training, object] => [
        `${row}-seed${one.seed}`,
        one,
        { ...record.recipes.finetuning, learningRate },
      ]),
    ),
  ];

  it('is the declared one, as far as it has come', () => {
    expect(record.recipes).toEqual({ dense: experiment.dense, finetuning: experiment.finetuning });
    expect(record.model.spec).toEqual(experiment.spec);
    for (const { row, plan, after, learningRate } of record.rows) {
      const declared = experiment.rows.find((one) => one.id === row)!;
      expect({ plan, learningRate }).toEqual({ plan: declared.plan, learningRate: declared.learningRate });
      const seeds = after.map(({ seed }) => seed);
      expect(seeds).toEqual(declared.seeds.slice(0, seeds.length));
    }
  });

  it.each(trainings)(
    '%s: the log has its recipe, and ends with the record’s accuracy',
    (name, one, recipe) => {
      const lines = readLog(place(`measured/logs/${id}/${name}.jsonl`));
      const { identity } = lines.find((line) => line.kind === 'run') as RunLine;
      expect(identity.recipe).toEqual({ ...recipe, seed: one.seed });
      const { test } = lines.findLast((line) => line.kind === 'epoch') as EpochLine;
      expect(test).toMatchObject({ correct: one.correct, count: record.dataset.test.total });
    },
  );

  it('follows from its rows', () => {
    const results = record.rows.map((row) => ({ arm: row.arm, keep: row.keep, ends: endsOf(record, row) }));
    expect(verdicts(experiment.claims, results)).toEqual(record.verdicts);
  });
});

interface Tried {
  readonly part: string;
  readonly row: string;
  readonly seed: number;
  readonly rate: number;
  readonly correct: number;
  readonly images: number;
}

describe.each(parts)('the learning rates: $id', ({ id, experiment }) => {
  const all: readonly Tried[] = JSON.parse(readFileSync(place('measured/held-out.json'), 'utf8'));
  const tried = all.filter(({ part }) => part === id);
  const page = readFileSync(place('README.md'), 'utf8');
  const { rows, claims, finetuning } = experiment;
  const pruned = ['decay', 'evit'].map((arm) => `${arm}@${claims[0].keep}`);

  it.each([...pruned, 'dense@1'])('%s does best at the one that it has, on the images held out', (of) => {
    const own = tried.filter(({ row }) => row === of);
    const best = Math.max(...own.map(({ correct }) => correct));
    const { learningRate = finetuning.learningRate } = rows.find((row) => row.id === of)!;
    expect(own.find(({ rate }) => rate === learningRate)!.correct).toBe(best);
    for (const { correct, images } of own) {
      const [whole, share] = [correct.toLocaleString('en'), ((100 * correct) / images).toFixed(2)];
      expect(page).toContain(`${whole} (${share} %)`);
    }
  });

  it('were tried, three of each of the two ways of pruning that the claim is about', () => {
    for (const of of pruned)
      expect(new Set(tried.filter(({ row }) => row === of).map(({ rate }) => rate)).size).toBe(3);
  });

  it('came out so in the logs that judge by the images held out', () => {
    const folder = place(`measured/logs/rates/${id}`);
    for (const name of readdirSync(folder)) {
      const lines = readLog(`${folder}/${name}`);
      const { identity } = lines.find((line) => line.kind === 'run') as RunLine;
      const { seed, learningRate } = identity.recipe as {
        readonly seed: number;
        readonly learningRate: number;
      };
      const { test } = lines.findLast((line) => line.kind === 'epoch') as EpochLine;
      if (test === null || !('split' in test)) continue;
      const own = tried.find(
        ({ row, rate }) => rate === learningRate && name.startsWith(`${row}-seed${seed}-`),
      )!;
      expect(test, name).toMatchObject({ correct: own.correct, count: own.images });
    }
  });
});

it.each(parts)('ships the dense weights and a fine-tuning by ToP: $id', ({ experiment, record }) => {
  const sha256 = (name: string) =>
    createHash('sha256')
      .update(readFileSync(place(`../../datasets/fashion-mnist/${name}.safetensors`)))
      .digest('hex');
  const [dense, fineTuned] = shippedModels[experiment.spec.family as keyof typeof shippedModels];
  expect(sha256(dense)).toBe(record.dense.sha256);
  const { arm, seed } = shippedArm;
  const top = record.rows.find((row) => row.arm === arm)!.after.find((one) => one.seed === seed)!;
  expect(sha256(fineTuned)).toBe(top.sha256);
});
