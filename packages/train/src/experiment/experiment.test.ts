import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pruningPlan } from '@vssm/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRun } from '../run/made-up-run.test-data.ts';
import {
  claimVerdicts,
  type FinetuningRow,
  type RowResult,
  standardDeviation,
  type TrainingExperiment,
} from './experiment.ts';
import { type ExperimentRun, runExperiment } from './run-experiment.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-experiment-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const { spec, recipe, dataset, normalisation } = smallRun('');

function row(
  arm: string,
  options: Parameters<typeof pruningPlan>[0],
  seeds: readonly number[],
): FinetuningRow {
  return { id: `${arm}@0.7`, arm, keep: 0.7, label: arm, plan: pruningPlan(options), seeds };
}

const schedule = [{ after: 1, keep: 0.7 }];
const experiment: TrainingExperiment = {
  id: 'small',
  title: 'small',
  spec,
  dense: { ...recipe, epochs: 2 },
  finetuning: { ...recipe, epochs: 1, ema: 0 },
  rows: [row('none', { schedule, alignment: 'none' }, [1, 2]), row('decay', { schedule }, [1])],
  claim: { arm: 'decay', against: 'none' },
};

function runIn(out: string, more: Partial<ExperimentRun> = {}): ExperimentRun {
  const test = {
    ...dataset,
    load: async (index: number) => {
      const { data } = await dataset.preview(index);
      return Float32Array.from({ length: 64 }, (_, pixel) => (data[3 * pixel] / 255 - 0.5) / 0.5);
    },
  };
  return { experiment, training: dataset, test, normalisation, threads: 1, out, circumstances: {}, ...more };
}

describe('an experiment', () => {
  it('trains the dense model, fine-tunes every row from it, and says what came out', async () => {
    const out = join(folder, 'whole');
    const result = await runExperiment(runIn(out));
    expect(result!.dense.top1).toBeGreaterThan(50);
    expect(result!.rows.map(({ id, after }) => [id, after.map(({ seed }) => seed)])).toEqual([
      ['none@0.7', [1, 2]],
      ['decay@0.7', [1]],
    ]);
    expect(new Set(result!.rows.flatMap(({ after }) => after.map(({ sha256 }) => sha256))).size).toBe(3);
    expect(result!.claim[0].sentence).toContain('with one seed');
    expect(JSON.parse(readFileSync(join(out, 'experiment.json'), 'utf8'))).toEqual(result);

    // Nothing is done twice.
    const model = join(out, 'dense', 'model.safetensors');
    const { mtimeMs } = statSync(model);
    expect(await runExperiment(runIn(out))).toEqual(result);
    expect(statSync(model).mtimeMs).toBe(mtimeMs);

    // Stopped in the dense training and in a row, it goes on to the same end.
    const other = join(folder, 'stopped');
    for (const stopAt of [7, 12]) {
      let steps = 0;
      expect(await runExperiment(runIn(other, { stopped: () => ++steps === stopAt }))).toBeUndefined();
    }
    expect(await runExperiment(runIn(other))).toEqual(result);
  });
});

describe('the verdict', () => {
  const results = (none: number[], decay: number[]): RowResult[] =>
    [none, decay].map((values, i) => ({
      id: experiment.rows[i].id,
      label: '',
      before: 0,
      after: values.map((top1, seed) => ({ seed, top1, sha256: '' })),
    }));

  it.each([
    [[80, 80.2, 80.1], [82, 82.1, 82.2], 'support'],
    [[82, 82.1, 82.2], [80, 80.2, 80.1], 'contradict'],
    [[80, 82], [80.5, 82.5], 'do not decide'],
  ])('of %j against %j: our data %s the claim', (none, decay, word) => {
    expect(claimVerdicts(experiment, results(none, decay))[0].sentence).toContain(
      `our data ${word} the claim`,
    );
  });

  it('has no word on chance where there is one seed', () => {
    const [verdict] = claimVerdicts(experiment, results([80], [81.5]));
    expect(verdict).toMatchObject({ keep: 0.7, gain: 1.5, standardError: null });
    expect(verdict.sentence).toContain('1.50 points above none, with one seed');
  });

  it('is left out where an arm is missing', () => {
    expect(claimVerdicts(experiment, results([80], []).slice(0, 1))).toEqual([]);
  });

  it('uses the spread of a sample', () => {
    expect(standardDeviation([1, 3])).toBeCloseTo(Math.SQRT2, 12);
    expect(standardDeviation([1])).toBeNull();
  });
});
