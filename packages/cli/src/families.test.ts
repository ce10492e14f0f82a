/** Whose a checkpoint is: what the commands ask, say and record where tensors alone do not tell. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeModel } from '@vssm/graph';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

const testdata = (name: string) => fileURLToPath(new URL(`../../backend/testdata/${name}`, import.meta.url));
const golden = testdata('f_videomamba_micro.pth');
const registers = testdata('g2_mambareg_micro_rect.pth');

/** A copy in the working folder, under such a name as upstream uses. */
const named = 'videomamba_t16_mine.pth';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-families-'));
  copyFileSync(golden, join(folder, named));
});
afterAll(() => rmSync(folder, { recursive: true }));

const vssm = vssmIn(() => folder);

describe('the family of a checkpoint', () => {
  it.each<[string, string[], string]>([
    ['asked', ['--checkpoint', golden, '--family', 'videomamba'], 'family: VideoMamba, as asked\n'],
    ['by file name', ['--checkpoint', named], "family: VideoMamba, by the file's name\n"],
    ['by default', ['--checkpoint', golden], 'family: Vim, by default (its tensors fit several families;'],
    ['by tensors', ['--checkpoint', registers, '--grid', '4x6'], 'family: Mamba-Reg, by its tensors\n'],
  ])('is said: %s', async (_, args, said) => {
    const { code, stderr } = await vssm('flops', ...args, '--json');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(said);
  });

  it('counts by its own rule', async () => {
    const plan = ['--prune', '2@0.6', '--json'];
    const counted = async (...args: string[]) =>
      JSON.parse((await vssm('flops', ...args, ...plan)).stdout).tokens;
    expect(await counted('--checkpoint', golden, '--family', 'videomamba')).toEqual([17, 11]);
    expect(await counted('--checkpoint', golden, '--family', 'vim')).toEqual([17, 11]);
    expect(await counted('--checkpoint', registers, '--grid', '4x6')).toEqual([28, 19]);
  });

  it('is recorded in an exported model', async () => {
    const out = join(folder, 'model.onnx');
    const args = ['--checkpoint', named, '--prune', '2@0.5', '--out', out, '--json'];
    const { code, stdout, stderr } = await vssm('export', ...args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ spec: { family: 'videomamba' }, familyFrom: 'file name' });
    const { metadata_props } = decodeModel(readFileSync(out));
    expect(metadata_props).toContainEqual(
      expect.objectContaining({ key: 'vssm.family_from', value: 'file name' }),
    );
  });

  it.each<[string[], string]>([
    [
      ['flops', '--checkpoint', golden, '--family', 'resnet'],
      '--family "resnet": expected one of vim, plainmamba',
    ],
    [['flops', '--model', 'vim-tiny', '--family', 'vim'], '--family vim: goes with --checkpoint'],
    [
      [
        'flops',
        '--model',
        'mambareg-small',
        '--prune',
        '5@0.8',
        '--alignment',
        'none',
        '--token-order',
        'recentred',
      ],
      'token order "recentred" exists for Vim and VideoMamba only, not for Mamba-Reg',
    ],
  ])('is refused: %j', async (args, message) => {
    const { code, stderr } = await vssm(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});
