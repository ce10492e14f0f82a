/** docs/making-a-rule-fast.md, carried out on a copy of the project: all of it is compiled, and every form runs. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { carryOut, editsOf } from '@vssm/workspace-lint/doc-edits';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/making-a-rule-fast.md'), 'utf8');

const edits = editsOf(page);

/** Copies everything that is compiled, so that the packages' own links lead to the copies. */
function copyProject(target: string): void {
  const skipped = ['.vite', '.cache', '.turbo'];
  for (const folder of ['packages', 'benchmarks', 'datasets']) {
    cpSync(join(root, folder), join(target, folder), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !skipped.includes(basename(path)),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  for (const file of ['package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(root, file), join(target, file));
}

/** The check runs where this is a dependency. */
const fromEngine = ['from', "'@vssm/backend-cpu'"].join(' ');

/** Every form of execution of one small model; prints the kept tokens and the logits. */
const check = `
import { referenceBackend } from '@vssm/backend';
import { pruningPlan, randomWeights, vimSpec } from '@vssm/families';
import { uniformNumbers } from '@vssm/core';
import { cpuBackend } ${fromEngine};
import { webgpuBackend } from './src/index.ts';

const images = { imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, stride: 4, classes: 10 };
const spec = vimSpec({ ...images, width: 16, depth: 4, stateSize: 4 });
const weights = randomWeights(spec, 3);
const uniform = uniformNumbers(5);
const batch = { pixels: Float32Array.from({ length: 3 * 784 }, () => uniform() * 2 - 1), size: 3 };
const forms = {
  reference: referenceBackend,
  pool: cpuBackend({ form: 'segments', mode: 'throughput' }),
  split: cpuBackend({ form: 'segments', mode: 'latency' }),
  whole: cpuBackend({ form: 'whole', scan: 'scan' }),
};
const probe = await webgpuBackend().probe();
if (probe.available) forms.webgpu = webgpuBackend();
else if (process.env.CI_REQUIRE_BROWSER === '1') throw new Error(probe.reason);
const answers = {};
for (const reduce of ['clip', 'negative']) {
  const plan = pruningPlan({ schedule: [{ after: 2, keep: 0.5 }], reduce });
  for (const [name, backend] of Object.entries(forms)) {
    const model = await backend.load({ spec, weights, plan, threads: 2 });
    const { logits, kept } = await model.run(batch);
    answers[reduce + ' ' + name] = { kept: [...kept.get(2)], logits: [...logits] };
    await model.dispose();
  }
}
process.stdout.write(JSON.stringify(answers));
`;

describe('the worked example of a rule that is built in', () => {
  const target = mkdtempSync(join(tmpdir(), 'vssm-example-'));
  afterAll(() => rmSync(target, { recursive: true, force: true }));
  const node = (folder: string, args: readonly string[], env = {}) =>
    spawnSync(process.execPath, args, {
      cwd: join(target, folder),
      encoding: 'utf8',
      env: { ...process.env, ...env },
      maxBuffer: 2 ** 26,
    });

  it('is one entry of one file', () => {
    expect(new Set(edits.map(({ file }) => file)).size).toBe(1);
    expect(edits.flatMap(({ lines }) => lines).length).toBeLessThanOrEqual(15);
  });

  it('fits where it says, and all of the project compiles with it', () => {
    copyProject(target);
    carryOut(edits, target);
    const options = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
    const include = options.include.filter((pattern: string) => pattern !== 'templates');
    writeFileSync(join(target, 'tsconfig.json'), JSON.stringify({ ...options, include }));
    const compiler = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', target], { encoding: 'utf8' });
    expect(compiler.stdout).toBe('');
  });

  it('is in the schema of results once that is written', () => {
    const schema = join(target, 'packages/results/schema/results-2.json');
    expect(readFileSync(schema, 'utf8')).not.toContain('"negative"');
    const { status, stderr } = node('packages/results', ['src/write-json-schema.ts']);
    expect(status, stderr).toBe(0);
    expect(readFileSync(schema, 'utf8')).toContain('"negative"');
  });

  it('ranks alike in every form of execution, its shader where there is a browser', () => {
    writeFileSync(join(target, 'packages/backend-webgpu/check.ts'), check);
    const { status, stdout, stderr } = node('packages/backend-webgpu', ['check.ts']);
    expect(status, stderr).toBe(0);
    const answers = JSON.parse(stdout) as Record<string, { kept: number[]; logits: number[] }>;
    const oracle = answers['negative reference'];
    const forms = Object.keys(answers).filter((name) => name.startsWith('negative '));
    expect(forms.length).toBeGreaterThanOrEqual(4);
    for (const form of forms) {
      const { kept, logits } = answers[form];
      expect(kept, form).toEqual(oracle.kept);
      // Logits near 1 in float32 against float64.
      for (const [at, value] of logits.entries())
        expect(Math.abs(value - oracle.logits[at])).toBeLessThan(1e-4);
    }
    expect(oracle.kept).not.toEqual(answers['clip reference'].kept);
  });
});
