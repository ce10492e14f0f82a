import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyRecipe, decodeImage, encodePng, recipeFor } from '@vssm/datasets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { preprocess } from './preprocess.ts';

const image = {
  width: 310,
  height: 270,
  data: Uint8Array.from({ length: 310 * 270 * 3 }, (_, at) => (at * at) % 251),
};

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'vssm-cli-'));
  writeFileSync(join(dir, 'in.JPEG'), await encodePng(image));
});
afterEach(() => rmSync(dir, { recursive: true }));

const options = (more: object = {}) => ({
  recipe: 'vim-imagenet',
  input: join(dir, 'in.JPEG'),
  output: join(dir, 'out.png'),
  json: true,
  ...more,
});

describe('preprocess', () => {
  it.each([{}, { size: 64 }])('writes the recipe’s pixels and sums them up, %o', async (more) => {
    const summary = await preprocess(options(more));
    const expected = applyRecipe(image, recipeFor('vim-imagenet', 'size' in more ? more.size : undefined));
    const written = await decodeImage(readFileSync(join(dir, 'out.png')), 'out.png');
    expect(written).toEqual(expected);
    expect(summary).toEqual({
      recipe: 'vim-imagenet',
      input: join(dir, 'in.JPEG'),
      output: join(dir, 'out.png'),
      width: expected.width,
      height: expected.height,
      sha256: createHash('sha256').update(expected.data).digest('hex'),
    });
    expect(readdirSync(dir).sort()).toEqual(['in.JPEG', 'out.png']);
  });

  it('leaves the output alone when the input is damaged', async () => {
    writeFileSync(join(dir, 'out.png'), 'earlier');
    writeFileSync(join(dir, 'in.JPEG'), (await encodePng(image)).subarray(0, 1000));
    await expect(preprocess(options())).rejects.toThrow(`image ${join(dir, 'in.JPEG')}: cannot be decoded`);
    expect(readFileSync(join(dir, 'out.png'), 'utf8')).toBe('earlier');
    expect(readdirSync(dir).sort()).toEqual(['in.JPEG', 'out.png']);
  });

  it('lists the recipes when a name is unknown', async () => {
    await expect(preprocess(options({ recipe: 'x' }))).rejects.toThrow(
      'recipe "x": expected one of vim-imagenet',
    );
  });
});
