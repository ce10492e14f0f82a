/** The worked example of docs/adding-a-pruning-rule.md, carried out on a copy of the packages it touches. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/adding-a-pruning-rule.md'), 'utf8');

interface Edit {
  readonly file: string;
  readonly how: 'after' | 'instead of';
  /** A line of the file, without its indentation. */
  readonly line: string;
  readonly lines: readonly string[];
}

/** "`FILE`, after `LINE`:" and a block of code. */
const edits: readonly Edit[] = [
  ...page.matchAll(/^`(packages\/[^`]+)`, (after|instead of) `([^\n]+)`:\n\n```\w+\n([\s\S]*?)\n```$/gm),
].map(([, file, how, line, code]) => ({ file, how: how as Edit['how'], line, lines: code.split('\n') }));

function apply(text: string, { file, how, line, lines }: Edit): string {
  const old = text.split('\n');
  const places = old.flatMap((own, at) => (own.trim() === line ? [at] : []));
  expect(places, `${file}: "${line}"`).toHaveLength(1);
  return old
    .toSpliced(how === 'after' ? places[0] + 1 : places[0], how === 'after' ? 0 : 1, ...lines)
    .join('\n');
}

/** Copies the packages that the CPU backend needs, so that their own links lead to the copies. */
function copyPackages(target: string): void {
  const needed = new Set<string>();
  const add = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    );
    for (const own of Object.keys(dependencies)) if (own.startsWith('@vssm/')) add(own.slice(6));
  };
  add('backend-cpu');
  const skipped = ['testdata', '.vite', '.cache', 'bench'];
  for (const name of needed) {
    cpSync(join(root, 'packages', name), join(target, 'packages', name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !skipped.includes(basename(path)),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
}

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
    copyPackages(target);
    for (const edit of edits) {
      const file = join(target, edit.file);
      writeFileSync(file, apply(readFileSync(file, 'utf8'), edit));
    }
    const options = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
    const exclude = ['**/*.asm.ts', '**/*.test.ts', '**/*.test-data.ts', '**/*.fuzz.ts', '**/testing'];
    const config = { ...options, include: ['packages/*/src'], exclude };
    writeFileSync(join(target, 'tsconfig.json'), JSON.stringify(config));
    const compiler = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', target], { encoding: 'utf8' });
    expect(compiler.stdout).toBe('');
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
