/** What ships as measured: logs of the runs that the page describes, and a table that says what they say. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type EpochLine, type RunLine, readLog, type SegmentationEvaluation } from '@vssm/train';
import { describe, expect, it } from 'vitest';

const place = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const page = readFileSync(place('../../docs/training.md'), 'utf8');

interface Before {
  readonly arm: string;
  /** A share. */
  readonly mIoU: number;
  readonly images: number;
}

const before: readonly Before[] = JSON.parse(readFileSync(place('measured/before.json'), 'utf8'));
const runs = readdirSync(place('measured'))
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => {
    const lines = readLog(place(`measured/${name}`));
    const { identity } = lines.find((line) => line.kind === 'run') as RunLine;
    const { test } = lines.findLast((line) => line.kind === 'epoch') as EpochLine;
    return { arm: name.replace(/(-seed\d)?\.jsonl$/, ''), identity, test: test as SegmentationEvaluation };
  });
type Run = (typeof runs)[number];
const [dense] = runs.filter(({ arm }) => arm === 'dense');
const finetuned = runs.filter((run) => run !== dense);
const arms = [...Map.groupBy(runs, ({ arm }) => arm)];

function field<T>({ identity }: Run, name: string): T {
  return identity[name] as T;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** `28.22`, or with the seeds' standard deviation `23.00 ± 0.10`. */
function written(own: readonly Run[]): string {
  const values = own.map(({ test }) => test.miou!);
  if (values.length === 1) return values[0].toFixed(2);
  const squares = values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0);
  return `${mean(values).toFixed(2)} ± ${Math.sqrt(squares / (values.length - 1)).toFixed(2)}`;
}

describe('the measured segmenter', () => {
  it('is evaluated on all scenes to test on', () => {
    for (const { test } of runs) expect(test.count).toBe(500);
    for (const { images } of before) expect(images).toBe(500);
  });

  it('was fine-tuned in every arm from the same weights, by one recipe but for the seed', () => {
    const [first] = finetuned;
    for (const run of finetuned) {
      expect(run.identity.initial).toBe(first.identity.initial);
      expect({ ...field<object>(run, 'recipe'), seed: 0 }).toEqual(field(first, 'recipe'));
      expect(run.identity.dataset).toEqual(dense.identity.dataset);
    }
    for (const [arm, own] of arms) {
      const seeds = own.map((run) => field<{ seed: number }>(run, 'recipe').seed);
      expect(seeds, arm).toEqual(seeds.map((_, at) => at));
    }
  });

  it('is pruned at the same places by the same shares', () => {
    const pruned = finetuned.filter(({ arm }) => arm !== 'dense-longer');
    const schedules = pruned.map((run) => JSON.stringify(field<{ schedule: object }>(run, 'plan').schedule));
    expect([...new Set(schedules)]).toEqual([
      JSON.stringify([1, 2, 3, 4, 5, 6, 7].map((after) => ({ after, keep: 0.75 }))),
    ]);
  });

  it.each(arms)('%s stands in the table as its logs say', (arm, own) => {
    const untrained = before.find((one) => one.arm === arm);
    const longer = mean(finetuned.filter((run) => run.arm === 'dense-longer').map(({ test }) => test.miou!));
    const cells = [
      untrained === undefined ? '' : (100 * untrained.mIoU).toFixed(2),
      written(own),
      String(own.length),
      arm.startsWith('dense') ? '' : (longer - mean(own.map(({ test }) => test.miou!))).toFixed(2),
    ];
    const row = page.split('\n').find((line) => line.startsWith(`| \`${arm}\` |`));
    const shown = row?.split('|').map((cell) => cell.trim());
    expect(shown?.slice(3, 7)).toEqual(cells);
  });
});
