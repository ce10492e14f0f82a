import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { codeVersion, measuringCode } from './code-version.ts';
import { newFolder } from './made-up.test-data.ts';

/** Who depends on whom in a made-up workspace. */
const graph: Readonly<Record<string, readonly string[]>> = {
  core: [],
  kernels: ['core'],
  graph: ['core'],
  checkpoints: ['core'],
  datasets: ['core'],
  metrics: ['core'],
  backend: ['core', 'checkpoints'],
  'backend-cpu': ['backend', 'graph', 'kernels'],
  report: ['core'],
};

let folder: string;
const write = (path: string, content: string) => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), content);
};

beforeEach(() => {
  folder = newFolder();
  for (const [name, needs] of Object.entries(graph)) {
    const dependencies = Object.fromEntries(needs.map((need) => [`@vssm/${need}`, 'workspace:*']));
    write(`${name}/package.json`, JSON.stringify({ name: `@vssm/${name}`, dependencies }));
    write(`${name}/src/index.ts`, name);
  }
  for (const file of ['accuracy.ts', 'speed.ts', 'rivals/plan.ts', 'progress.ts'])
    write(`bench/src/${file}`, file);
});

/** What an edit changes: `cpu evaluation`, `reference timing`, … */
function changedBy(path: string): string[] {
  const state = () => ({ cpu: measuringCode('cpu', folder), reference: measuringCode('reference', folder) });
  const before = state();
  write(path, 'edited');
  const after = state();
  return (['cpu', 'reference'] as const).flatMap((backend) =>
    (['evaluation', 'timing'] as const)
      .filter((kind) => before[backend][kind] !== after[backend][kind])
      .map((kind) => `${backend} ${kind}`),
  );
}

const everything = ['cpu evaluation', 'cpu timing', 'reference evaluation', 'reference timing'];

describe('measuringCode', () => {
  it.each([
    ['core/src/score.ts', everything],
    // A changed kernel: what runs on it again, and nothing else.
    ['kernels/wasm/kernels.wasm', ['cpu evaluation', 'cpu timing']],
    ['kernels/src/scan/scan.c', ['cpu evaluation', 'cpu timing']],
    ['backend-cpu/src/pool.ts', ['cpu evaluation', 'cpu timing']],
    ['datasets/src/codec.ts', ['cpu evaluation', 'reference evaluation']],
    ['metrics/src/top-k.ts', ['cpu evaluation', 'reference evaluation']],
    ['bench/src/accuracy.ts', ['cpu evaluation', 'reference evaluation']],
    ['bench/src/speed.ts', ['cpu timing', 'reference timing']],
    ['bench/src/rivals/plan.ts', ['cpu timing', 'reference timing']],
    ['bench/src/progress.ts', []],
    ['report/src/page.ts', []],
    ['core/src/score.test.ts', []],
    ['datasets/src/idx.fuzz.ts', []],
    ['core/src/made-up.test-data.ts', []],
  ])('changes with %s for %j', (path, changed) => {
    expect(changedBy(path)).toEqual(changed);
  });

  it('depends on everything for a backend that it does not know', () => {
    const before = measuringCode('new', folder);
    write('kernels/wasm/kernels.wasm', 'edited');
    expect(measuringCode('new', folder).timing).not.toBe(before.timing);
  });
});

describe('codeVersion', () => {
  it('follows everything that measures', () => {
    const seen = new Set([codeVersion(folder)]);
    for (const path of [
      'kernels/src/a.ts',
      'metrics/src/a.ts',
      'bench/src/accuracy.ts',
      'bench/src/rivals/b.ts',
    ]) {
      write(path, 'edited');
      seen.add(codeVersion(folder));
    }
    expect(seen.size).toBe(5);
    write('report/src/a.ts', 'edited');
    expect(seen.has(codeVersion(folder))).toBe(true);
    expect(codeVersion(folder)).toMatch(/^[0-9a-f]{64}$/);
  });
});
