import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { openImage, openImageFolder } from './image-files.ts';
import { normalise } from './normalise.ts';
import { applyRecipe, recipeFor } from './recipe.ts';
import { temporaryFolder, testdata } from './test-support/test-data.ts';

const photo = readFileSync(testdata('preprocess/astronaut_small.jpg'));
const png = readFileSync(testdata('pillow/rgba.png'));

describe('openImageFolder', () => {
  it('lists images by name, without labels, and nothing else', async () => {
    const dir = temporaryFolder({
      'b.JPEG': photo,
      'B.png': png,
      'a.jpg': photo,
      '._a.jpg': 'x',
      'readme.txt': 'x',
      'sub/c.jpg': photo,
    });
    const dataset = await openImageFolder(dir);
    expect(dataset.samples).toEqual([
      { index: 0, id: 'B.png', label: -1 },
      { index: 1, id: 'a.jpg', label: -1 },
      { index: 2, id: 'b.JPEG', label: -1 },
    ]);
    expect(dataset.classes).toEqual([]);
  });

  it('loads and previews through the recipe, at the size asked for', async () => {
    const dir = temporaryFolder({ 'a.jpg': photo });
    const dataset = await openImageFolder(dir, { recipe: 'vim-imagenet', imageSize: 64 });
    const recipe = recipeFor('vim-imagenet', 64);
    const expected = applyRecipe(await openImage(join(dir, 'a.jpg')), recipe);
    expect([dataset.channels, dataset.height, dataset.width]).toEqual([3, 64, 64]);
    expect(await dataset.preview(0)).toEqual(expected);
    expect(await dataset.load(0)).toEqual(normalise(expected, recipe));
  });

  it('has a checksum that follows names and sizes', async () => {
    const open = async (files: Record<string, Uint8Array>) =>
      (await openImageFolder(temporaryFolder(files))).checksum;
    const first = await open({ 'a.jpg': photo });
    expect(await open({ 'a.jpg': photo })).toBe(first);
    expect(await open({ 'b.jpg': photo })).not.toBe(first);
    expect(await open({ 'a.jpg': photo.subarray(1) })).not.toBe(first);
  });

  it('opens although an image is unreadable, and names it when it is loaded', async () => {
    const dir = temporaryFolder({ 'a.jpg': photo, 'b.jpg': photo.subarray(0, 900), 'c.jpg': '' });
    symlinkSync(join(dir, 'nowhere'), join(dir, 'd.jpg'));
    const dataset = await openImageFolder(dir);
    await expect(dataset.load(0)).resolves.toHaveLength(3 * 224 * 224);
    for (const [index, name] of [
      [1, 'b.jpg'],
      [2, 'c.jpg'],
      [3, 'd.jpg'],
    ] as const) {
      await expect(dataset.load(index)).rejects.toThrow(UserError);
      await expect(dataset.load(index)).rejects.toThrow(`image ${join(dir, name)}: `);
    }
  });

  it('refuses a folder without images, and one that is not there', async () => {
    const dir = temporaryFolder({ 'a.txt': 'x' });
    await expect(openImageFolder(dir)).rejects.toThrow(`image folder ${dir}: no .jpg`);
    await expect(openImageFolder(join(dir, 'no'))).rejects.toThrow('does not exist');
    await expect(openImageFolder(join(dir, 'a.txt'))).rejects.toThrow('is not a folder');
  });
});

describe('openImage', () => {
  it('refuses what is not a file', async () => {
    const dir = temporaryFolder();
    await expect(openImage(dir)).rejects.toThrow(`image ${dir}: is not a file`);
    await expect(openImage(join(dir, 'x.jpg'))).rejects.toThrow('cannot be read');
  });
});
