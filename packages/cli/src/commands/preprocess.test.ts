import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  applyRecipe,
  applyVisionRecipe,
  decodeImage,
  encodePng,
  openImage,
  recipeFor,
  visionRecipeFor,
} from '@vssm/datasets';
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

  it.each([
    ['plainmamba-coco', undefined, 919, 800],
    ['plainmamba-coco', { long: 100, short: 90 }, 100, 87],
    ['plainmamba-ade20k', { long: 100, short: 90 }, 128, 96],
    ['vim-ade20k', { long: 100, short: 90 }, 100, 87],
  ])('writes the pixels after all resizing, %s within %o', async (recipe, limits, width, height) => {
    const summary = await preprocess(options({ recipe, ...(limits && { limits }) }));
    expect(summary).toMatchObject({ recipe, width, height });
    const written = await decodeImage(readFileSync(join(dir, 'out.png')), 'out.png');
    expect(written).toEqual(applyVisionRecipe(image, visionRecipeFor(recipe, limits), 'in'));
  });

  it('turns a picture upright for PlainMamba, as OpenCV reads it, and not for Vim', async () => {
    const input = fileURLToPath(new URL('../../../datasets/testdata/opencv/exif_6.png', import.meta.url));
    const stored = await preprocess(options({ input, size: 64 }));
    const upright = await preprocess(options({ input, size: 64, recipe: 'plainmamba-imagenet' }));
    const turned = await openImage(join(dir, 'out.png'));
    const recipe = recipeFor('plainmamba-imagenet', 64);
    expect(turned).toEqual(applyRecipe(await openImage(input, 'opencv'), recipe));
    expect(upright.sha256).not.toBe(stored.sha256);
  });

  it('gives PlainMamba on ImageNet the picture that Vim gets', async () => {
    const vim = await preprocess(options());
    expect((await preprocess(options({ recipe: 'plainmamba-imagenet' }))).sha256).toBe(vim.sha256);
  });

  it.each([
    [{ limits: { long: 9, short: 8 } }, '--max goes with plainmamba-coco'],
    [{ recipe: 'vim-ade20k', size: 64 }, '--size goes with vim-imagenet'],
    [{ recipe: 'vim-ade20k', limits: { long: 8, short: 9 } }, 'limits 8,9'],
  ])('refuses %o', async (more, message) => {
    await expect(preprocess(options(more))).rejects.toThrow(message);
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
