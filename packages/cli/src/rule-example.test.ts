/** docs/adding-a-pruning-rule.md, carried out: its rule through the commands, on both families, into the report. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@vssm/checkpoints';
import { plainMambaSpec, randomWeights } from '@vssm/families';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/adding-a-pruning-rule.md'), 'utf8');
const text = page.match(/`my-rule\.ts`[\s\S]*?```ts\n([\s\S]*?)```/)![1];
const sha256 = createHash('sha256').update(text).digest('hex');

const folder = mkdtempSync(join(tmpdir(), 'vssm-rule-example-'));
const rule = join(folder, 'my-rule.ts');
const vim = join(root, 'datasets/fashion-mnist/vim-nano-fmnist.pth');
const plainMamba = join(folder, 'plainmamba.safetensors');
const pixels = join(folder, 'pixels.safetensors');

beforeAll(async () => {
  writeFileSync(rule, text);
  const images = { imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, classes: 10 };
  const spec = plainMambaSpec({ ...images, width: 16, depth: 8, stemWidth: 8, stemConvs: 1, stateSize: 4 });
  await writeSafetensors(plainMamba, new Map(randomWeights(spec, 3)));
  const data = Float32Array.from({ length: 3 * 784 }, (_, i) => Math.sin(i * 0.37) * 2);
  await writeSafetensors(pixels, new Map([['input', { dtype: 'F32', shape: [3, 1, 28, 28], data }]]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const vssm = vssmIn(() => folder);

async function json(...args: string[]) {
  const { code, stdout, stderr } = await vssm(...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const pruned = ['--prune', '2,4,6@0.7', '--rule', rule];

describe.each([
  ['Vim', ['--checkpoint', vim]],
  // Its tensors do not tell the step of the patches.
  ['PlainMamba', ['--checkpoint', plainMamba, '--image-size', '28']],
])('the rule on %s', (_, model) => {
  it('predict keeps the same tokens on the reference and on the CPU', async () => {
    const kept: number[][] = [];
    for (const backend of ['reference', 'cpu']) {
      const out = join(folder, `${backend}.safetensors`);
      const { plan } = await json(
        'predict',
        ...model,
        ...pruned,
        '--tensor',
        pixels,
        '--backend',
        backend,
        '--out',
        out,
      );
      expect(plan).toMatchObject({ signal: 'file', rule: { name: 'mean-delta', sha256 } });
      const { tensors } = await readSafetensors(out);
      kept.push(
        [2, 4, 6].flatMap((block) => [...(tensors.get(`kept.${block}`)!.data as BigInt64Array)].map(Number)),
      );
    }
    expect(kept[1]).toEqual(kept[0]);
  });

  it('eval says what it was ranked by', async () => {
    const { count, plan } = await json('eval', ...model, ...pruned, '--limit', '12');
    expect(count).toBe(12);
    expect(plan).toMatchObject({ signal: 'file', rule: { name: 'mean-delta', sha256 } });
  });

  it.each([
    [['export', '--out', join(folder, 'model.onnx')], 'an exported model'],
    [['predict', '--tensor', pixels, '--backend', 'wasm'], '--backend wasm'],
  ])('%j refuses it by name', async ([command, ...options], what) => {
    const { code, stderr } = await vssm(command, ...model, ...pruned, ...options);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${what} cannot run a rule from a file (mean-delta): --rule goes with`);
  });
});

describe('the rule in tables', () => {
  it('is a row beside the built-in rules, and in the report', async () => {
    const out = join(folder, 'run');
    const report = join(folder, 'report');
    const some = ['--only', 'table4-importance', '--limit', '8', '--threads', '1'];
    const only = [...some, '--rule', rule];
    const { code, stderr } = await vssm('bench', ...only, '--out', out, '--report', report);
    expect(code, stderr).toBe(0);
    const records = readFileSync(join(out, 'results.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const own = records.filter(({ kind, row }) => kind === 'accuracy' && row.includes('mean-delta'));
    expect(own.map(({ row }) => row)).toEqual([0.9, 0.7, 0.5].map((keep) => `nano-rule-mean-delta@${keep}`));
    for (const { plan, notes } of own) {
      expect(plan.rule).toEqual({ name: 'mean-delta', sha256 });
      expect(notes.join(' ')).toContain(`my-rule.ts, SHA-256 ${sha256}`);
    }
    const html = readFileSync(join(report, 'index.html'), 'utf8');
    for (const name of ['mean-delta', 'clipped sum', 'l1 norm']) expect(html).toContain(name);

    // Nothing runs again; after an edit its rows do, and no others.
    const again = await json('bench', ...only, '--out', out, '--no-report');
    expect(again.carriedOut).toBe(0);
    const edited = join(folder, 'edited.ts');
    writeFileSync(edited, `${text}// edited\n`);
    const options = [...some, '--rule', edited];
    expect((await json('bench', ...options, '--out', out, '--no-report')).carriedOut).toBe(3);
  });

  it('is timed on both families', async () => {
    for (const [id, label] of [
      ['speed-vim', 'Vim-S mean-delta'],
      ['speed-plainmamba', 'PlainMamba-L1 mean-delta'],
    ]) {
      const preview = await json(
        'bench',
        '--only',
        id,
        '--rule',
        rule,
        '--plan',
        '--out',
        join(folder, 'none'),
      );
      expect(JSON.stringify(preview)).toContain(label);
    }
  });

  it('has one name only', async () => {
    const twin = join(folder, 'twin.ts');
    copyFileSync(rule, twin);
    const { code, stderr } = await vssm('bench', '--rule', rule, '--rule', twin, '--plan');
    expect(code).toBe(1);
    expect(stderr).toContain('both are called "mean-delta"; rename one');
  });
});

describe('the published type', () => {
  /** The compiler's complaints about a rule that stands in a folder. */
  function complaints(place: string, source: string): string {
    const work = join(place, `rule-types-${Math.random().toString(36).slice(2)}`);
    mkdirSync(work);
    try {
      writeFileSync(join(work, 'rule.ts'), source);
      writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
      const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
      const config = { compilerOptions: { ...compilerOptions, types: [] }, include: ['rule.ts'] };
      writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
      return spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', work], { encoding: 'utf8' }).stdout;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const path = join(root, 'packages/core/src/pruning/rules/rule.ts');
  const outside = (source: string) => source.replace('@vssm/core/rule', path);

  it('takes the page’s rule and the template, inside this folder and, by its path, anywhere', () => {
    const template = readFileSync(join(root, 'templates/pruning-rule.ts'), 'utf8');
    for (const source of [text, template]) {
      expect(complaints(root, source)).toBe('');
      expect(complaints(folder, outside(source))).toBe('');
    }
  });

  it.each([
    ['a signal that does not exist', "['delta']", "['Delta']", 'Delta'],
    [
      'a signal that it does not name',
      '{ length, channels, delta }',
      '{ length, channels, gated: delta }',
      'gated',
    ],
    [
      'scores that are no numbers',
      '(sum, value) => sum + value, 0',
      "(sum, value) => sum + value, ''",
      'string',
    ],
  ])('refuses %s', (_, from, to, complaint) => {
    const wrong = text.replace(from, to);
    expect(wrong).not.toBe(text);
    expect(complaints(folder, outside(wrong))).toContain(complaint);
  });
});
