/** The worked example of docs/adding-a-pruning-rule.md, carried out on a copy of the packages it touches. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { carryOut, compile, copyPackages, editsOf, root } from './worked-example.test-data.ts';

const page = readFileSync(join(root, 'docs/adding-a-pruning-rule.md'), 'utf8');

const edits = editsOf(page);

/** Every form of execution of one small model; prints the kept tokens and the logits. */
const check = `
import { referenceBackend } from '@vssm/backend';
import { pruningPlan, randomWeights, vimSpec } from '@vssm/families';
import { uniformNumbers } from '@vssm/core';
import { cpuBackend } from './src/index.ts';

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

describe('the worked example of a new pruning rule', () => {
  const target = mkdtempSync(join(tmpdir(), 'vssm-example-'));
  afterAll(() => rmSync(target, { recursive: true, force: true }));
  const node = (folder: string, args: readonly string[], env = {}) =>
    spawnSync(process.execPath, args, {
      cwd: join(target, folder),
      encoding: 'utf8',
      env: { ...process.env, ...env },
      maxBuffer: 2 ** 26,
    });

  it('takes at most 30 lines', () => {
    expect(edits.length).toBeGreaterThan(8);
    expect(edits.flatMap(({ lines }) => lines).length).toBeLessThanOrEqual(30);
  });

  it('fits where it says, passes the compiler, and builds', () => {
    copyPackages(target, ['backend-cpu'], ['testdata']);
    carryOut(edits, target);
    expect(compile(target)).toBe('');
    const built = node('packages/kernels', ['build.ts']);
    expect(built.status, built.stderr).toBe(0);
  }, 120_000);

  it.each(['wasm', 'auto'])(
    'ranks alike in every form of execution (kernels: %s)',
    (kernels) => {
      writeFileSync(join(target, 'packages/backend-cpu/check.ts'), check);
      const { status, stdout, stderr } = node('packages/backend-cpu', ['check.ts'], {
        VSSM_KERNELS: kernels,
      });
      expect(status, stderr).toBe(0);
      const answers = JSON.parse(stdout) as Record<string, { kept: number[]; logits: number[] }>;
      const oracle = answers['negative reference'];
      for (const form of ['pool', 'split', 'whole']) {
        const { kept, logits } = answers[`negative ${form}`];
        expect(kept, form).toEqual(oracle.kept);
        // Logits near 1 in float32 against float64.
        for (const [at, value] of logits.entries())
          expect(Math.abs(value - oracle.logits[at])).toBeLessThan(1e-4);
      }
      expect(oracle.kept).not.toEqual(answers['clip reference'].kept);
    },
    120_000,
  );
});
