import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

/** Where Debian's package puts the training split; it is too large to be embedded. */
const data = '/usr/share/datasets/fashion-mnist';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-cli-train-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const vssm = vssmIn(() => folder);

describe('vssm train, finetune and experiment', () => {
  it.each([
    [['train', '--data', '.', '--out', 'a'], 'no training images; expected class folders in it or in train/'],
    [
      ['train', '--data', '.', '--out', 'a', '--dataset', 'fashion-mnist'],
      'train-images-idx3-ubyte.gz is missing',
    ],
    [
      ['train', '--data', '.', '--out', 'a', '--model', 'vim-tiny', '--spec', 'width=8'],
      '--model vim-tiny and --spec or its parts: give one of the two',
    ],
    [['train', '--data', '.', '--out', 'a', '--lr', 'fast'], '--lr "fast": must be a number, 0 or more'],
    [
      ['train', '--data', '.', '--out', 'a', '--width', '2'],
      '--width "2": must be a whole number, 4 or more',
    ],
    [
      ['train', '--data', '.', '--out', 'a', '--family', 'plainmamba', '--spec', 'stride=2'],
      'stride 2: a PlainMamba has none',
    ],
    [['train', '--data', '.', '--out', 'a', '--spec', 'stem=8'], 'stem 8: a Vim has none'],
    [
      ['train', '--data', '.', '--out', 'a', '--family', 'videomamba', '--spec', 'registers=4'],
      'registers 4: a VideoMamba has neither registers nor a neck',
    ],
    [
      ['train', '--data', '.', '--out', 'a', '--family', 'mambareg', '--spec', 'stride=4'],
      'stride 4: a Mamba-Reg has none',
    ],
    [
      ['train', '--data', '.', '--out', 'a', '--model', 'vim-tiny', '--family', 'vim'],
      '--model vim-tiny and --family vim: give one of the two',
    ],
    [
      ['train', '--data', '.', '--out', 'a', '--held-out', '--test', 'b'],
      '--held-out and --test b: give one of the two',
    ],
    [
      ['train', '--task', 'segment', '--data', '.', '--out', 'a', '--channels', '1000000000'],
      '--channels 1000000000: must be at most 4096',
    ],
    [['finetune', '--data', '.', '--out', 'a', '--prune', '9@0.8'], 'the model has 8 blocks'],
  ])('%j is refused in one line', async (args, message) => {
    const { code, stderr } = await vssm(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('the experiment says what it would run', async () => {
    const { code, stdout } = await vssm('experiment', '--data', '.', '--out', 'a', '--plan', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      id: 'finetuning',
      claims: ['none', 'evit', 'positional'].map((against) => ({ arm: 'decay', against })),
    });
  });

  it('so does the one of several models, of each', async () => {
    const args = ['experiment', '--name', 'class-token', '--data', '.', '--out', 'a', '--plan'];
    const { code, stdout } = await vssm(...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^vim-seed0: 171,610 parameters; .*$/m);
    expect(stdout).toMatch(/^videomamba-seed0: 171,610 parameters; .*$/m);
    expect((await vssm(...args.slice(0, 2), 'none', ...args.slice(3))).stderr).toContain(
      '--name "none": expected one of finetuning, headline, scenes, class-token',
    );
    const { stdout: one } = await vssm(...args, '--part', 'vim-seed0');
    expect(one).toMatch(/^vim-seed0: /);
    expect(one).not.toContain('videomamba');
    expect((await vssm(...args, '--part', 'vim')).stderr).toContain(
      '--part "vim": expected one of vim-seed0,',
    );
  });

  it.skipIf(!existsSync(data))('has no record of what is not finished', async () => {
    const args = ['experiment', '--name', 'headline', '--part', 'headline-vim', '--data', data];
    const { code, stderr } = await vssm(...args, '--out', 'none', '--so-far');
    expect(code).toBe(1);
    expect(stderr.trim()).toMatch(/headline-vim: the dense training of Vim-mini .* is not finished$/);
    const whole = await vssm('experiment', '--name', 'headline', '--data', data, '--out', 'none', '--so-far');
    expect(whole.code).toBe(1);
    expect(whole.stderr).toMatch(/note: .*PlainMamba-mini.*\nnote: .*Vim-mini/);
    expect(whole.stderr).toContain('error: none: nothing is finished; run without --so-far');
    const scenes = await vssm('experiment', '--name', 'scenes', '--data', data, '--out', 'none', '--so-far');
    expect(scenes.code).toBe(1);
    expect(scenes.stderr).toMatch(/error: .*scenes: there are no scenes, so nothing is finished/);
    expect(existsSync(join(folder, 'none', 'scenes'))).toBe(false);
  });

  it.skipIf(!existsSync(data))('trains, then fine-tunes pruned what came out', async () => {
    const recipe = ['--epochs', '1', '--images', '64', '--batch', '32', '--micro-batch', '16'];
    const where = ['--data', data, '--test-images', '50', '--log-every', '1', '--threads', '2', '--json'];
    const size = ['--width', '8', '--depth', '2', '--patch', '4', '--state-size', '4'];
    const dense = await vssm('train', ...recipe, ...where, ...size, '--out', 'dense');
    expect(dense.stderr).toContain('step 2/2');
    const { model, test } = JSON.parse(dense.stdout);
    expect(test.count).toBe(50);
    const judged = await vssm('train', ...recipe, ...where, ...size, '--out', 'judged', '--held-out');
    expect(JSON.parse(judged.stdout)).toMatchObject({
      sha256: JSON.parse(dense.stdout).sha256,
      test: { count: 50 },
    });
    expect(judged.stderr).toContain('of 50 held-out images');
    expect(JSON.parse(judged.stdout).test.split).toBe('train, held out');
    const tuned = await vssm(
      ...['finetune', ...recipe, ...where, '--out', 'tuned', '--checkpoint', model],
      ...['--prune', '1@0.7', '--run-seed', '3'],
    );
    expect(JSON.parse(tuned.stdout)).toMatchObject({ state: 'finished', steps: 2, test: { count: 50 } });
    const evaluated = await vssm(
      'eval',
      '--checkpoint',
      JSON.parse(tuned.stdout).model,
      '--prune',
      '1@0.7',
      '--limit',
      '50',
      '--json',
    );
    expect(JSON.parse(evaluated.stdout).correct1).toBe(JSON.parse(tuned.stdout).test.correct);
  });
});
