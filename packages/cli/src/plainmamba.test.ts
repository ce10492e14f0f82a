/** The commands on the other family: what each of them must do differently for PlainMamba. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@vssm/checkpoints';
import { decodeModel } from '@vssm/graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

const testdata = (name: string) => fileURLToPath(new URL(`../../backend/testdata/${name}`, import.meta.url));
const goldenE = testdata('e_plainmamba_micro.safetensors');
const goldenE2 = testdata('e2_plainmamba_micro_odd.safetensors');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const vssm = vssmIn(() => folder);

async function json(...args: string[]) {
  const { code, stdout, stderr } = await vssm(...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const vimOnly: [string[], string][] = [
  [['--conv', 'compact', '--alignment', 'none'], 'convolution "compact"'],
  [['--order', 'mirrored'], 'score order "mirrored"'],
  [['--signal', 'gated-backward'], 'signal "gated-backward"'],
  [['--count-class-token'], 'counting the class token'],
];

describe('vssm flops', () => {
  it.each([
    ['plainmamba-l1', 7551656, 3.02],
    ['plainmamba-l2', 26145832, 8.09],
    ['plainmamba-l3', 50956456, 14.45],
  ])('%s', async (model, params, gflops) => {
    const result = await json('flops', '--model', model);
    expect(result).toMatchObject({ model, profile: 'paper', params, tokens: [196] });
    expect(result.gflops).toBeCloseTo(gflops, 2);
  });

  it('takes an oblong image, and the convolution that the family has', async () => {
    const plan = ['--prune', '5@0.5', '--alignment', 'none'];
    const result = await json('flops', '--model', 'plainmamba-l1', '--image-size', '224x448', ...plan);
    expect(result.tokens).toEqual([392, 196]);
  });

  it.each<[string[], string]>([
    [['--model', 'plainmamba-l1', '--stride', '8'], 'stride 8: a PlainMamba has none'],
    [['--checkpoint', goldenE, '--stride', '2'], 'stride 2: a PlainMamba has none'],
    [['--checkpoint', goldenE2], 'no square; say how they lie with --grid HxW, for instance 3x5'],
    ...vimOnly.map(([option, what]): [string[], string] => [
      ['--model', 'plainmamba-l1', '--prune', '5@0.8', ...option],
      `${what} exists for Vim`,
    ]),
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await vssm('flops', ...args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});

describe('vssm predict', () => {
  it.each([
    ['E', goldenE, ['--image-size', '32'], { height: 8, width: 8 }],
    ['E2', goldenE2, ['--image-size', '24x40'], { height: 3, width: 5 }],
    ['E2', goldenE2, ['--grid', '3x5'], { height: 3, width: 5 }],
    ['E2, its size told by the input', goldenE2, [], { height: 3, width: 5 }],
  ])('reproduces golden %s with the reference', async (name, file, size, grid) => {
    const out = join(folder, `${name}${size[0]}.safetensors`);
    const backend = ['--backend', 'reference'];
    const result = await json(
      'predict',
      '--checkpoint',
      file,
      '--tensor',
      file,
      ...size,
      ...backend,
      '--out',
      out,
    );
    expect(result).toMatchObject({ count: 2, grid, classToken: null });
    const logits = (await readSafetensors(out)).tensors.get('logits')!.data as Float64Array;
    const expected = (await readSafetensors(file)).tensors.get('logits_f64')!.data as Float64Array;
    for (const [i, value] of expected.entries()) expect(Math.abs(logits[i] - value)).toBeLessThan(1e-9);
  });

  it('writes the kept cells in raster order, as the golden variants have them', async () => {
    const out = join(folder, 'kept.safetensors');
    const plan = ['--prune', '1,2@0.7', '--alignment', 'none'];
    await json(
      ...['predict', '--checkpoint', goldenE, '--tensor', goldenE, ...plan],
      ...['--backend', 'reference', '--out', out],
    );
    const { tensors } = await readSafetensors(out);
    const { cases } = JSON.parse(readFileSync(testdata('variants_e.json'), 'utf8'));
    for (const [step, after] of [1, 2].entries()) {
      const { shape, data } = tensors.get(`kept.${after}`)!;
      expect(shape).toEqual([2, [45, 32][step]]);
      const expected = cases[0].kept.flatMap((steps: number[][]) => steps[step]);
      expect([...(data as BigInt64Array)].map(Number)).toEqual(expected);
    }
  });
});

describe('vssm export', () => {
  it('writes a model with its pruning', async () => {
    const out = join(folder, 'model.onnx');
    const result = await json('export', '--checkpoint', goldenE, '--prune', '1@0.7', '--out', out);
    expect(result).toMatchObject({
      input: { shape: ['batch', 3, 32, 32] },
      outputs: ['logits', 'kept.1'],
      spec: { family: 'plainmamba', depthwiseLayers: [0] },
    });
    const { graph } = decodeModel(readFileSync(out));
    expect(graph?.output.map(({ name }) => name).sort()).toEqual(result.outputs.toSorted());
  });
});

describe('vssm schedule', () => {
  it('finds aligned schedules that save 41.6 % of PlainMamba-L3', async () => {
    const result = await json('schedule', '--model', 'plainmamba-l3', '--reduction', '0.416');
    expect(result).toMatchObject({
      model: 'plainmamba-l3',
      profile: 'paper',
      target: { reduction: 0.416, tolerance: 0.001 },
      alignment: 'decay',
    });
    expect(result.found).toBeGreaterThan(result.schedules.length);
    expect(result.schedules).toHaveLength(20);
    const exact = result.schedules.filter(
      ({ reduction }: { reduction: number }) => (100 * reduction).toFixed(1) === '41.6',
    );
    expect(exact.length).toBeGreaterThan(3);
    const [first] = exact;
    const checked = ['--prune', first.schedule, '--model', 'plainmamba-l3'];
    const paper = await json('flops', ...checked);
    expect(first).toMatchObject({ gflops: paper.gflops, tokens: paper.tokens, alignment: 'decay' });
    expect(first.reduction).toBeCloseTo(1 - paper.gflops / result.dense.gflops, 12);
    const strict = await json('flops', ...checked, '--profile', 'strict');
    expect(first.promisedSpeedup).toBeCloseTo(result.dense.strictGflops / strict.gflops, 12);
    expect(first.strictReduction).toBeCloseTo(1 - strict.gflops / result.dense.strictGflops, 12);
    expect(result.note).toContain("the paper's own PlainMamba schedule is not known");
  });

  it('says the same to people', async () => {
    const { code, stdout, stderr } = await vssm(
      ...['schedule', '--model', 'plainmamba-l3', '--reduction', '0.416', '--limit', '3'],
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('4,12,20,28@0.7');
    expect(stdout).toContain('-41.6 %');
    expect(stdout).toContain("the paper's own PlainMamba schedule is not known");
  });

  it('searches the embedded checkpoint, solving for the ratio', async () => {
    const result = await json(
      ...['schedule', '--reduction', '0.3', '--keep', 'solve', '--alignment', 'none'],
      ...['--min-steps', '2', '--max-steps', '2', '--tolerance', '0.02'],
    );
    expect(result.schedules.length).toBeGreaterThan(0);
    for (const { steps, alignment, reduction } of result.schedules) {
      expect([steps, alignment]).toEqual([2, 'none']);
      expect(Math.abs(reduction - 0.3)).toBeLessThanOrEqual(0.02);
    }
    expect(result.note).not.toContain('PlainMamba');
  });

  it.each([
    [['--reduction', '41.6'], '--reduction "41.6": must be a number from 0 to 1'],
    [['--reduction', '0'], 'reduction 0: must be'],
    [['--reduction', '0.3', '--alignment', 'mask'], 'alignment "mask" keeps every token'],
    [['--reduction', '0.3', '--keep', '0.7,much'], '--keep "0.7,much"'],
    [['--reduction', '0.3', '--keep', '1.5'], 'keep ratio 1.5'],
    [['--reduction', '0.3', '--min-steps', '4', '--max-steps', '3'], 'steps 4 to 3'],
    [[], '--reduction'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await vssm('schedule', '--model', 'vim-tiny', ...args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});
