/** The work of `vssm scenes`. */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { counted, UserError } from '@vssm/core';
import { writeWholeFolder } from '@vssm/core/files';
import { openFashionMnist, type SceneSplit, writeScenes } from '@vssm/datasets';
import { listing, type OutputOptions, printResult } from '../output.ts';

export interface ScenesOptions extends OutputOptions {
  readonly data?: string;
  readonly images?: number;
  readonly testImages: number;
  readonly seed: number;
  readonly out: string;
}

const usualImages = 4000;

/** @throws UserError for a folder that holds something, and for images that are not Fashion-MNIST's */
export async function scenes(options: ScenesOptions): Promise<void> {
  const { seed, out } = options;
  const splits = await makeScenes(options);
  const rows = Object.entries(splits).map(([split, made]): [string, string] => [
    split,
    `${counted(made.images, 'scene')}, SHA-256 of their contents ${made.sha256}`,
  ]);
  printResult(options, { out, seed, splits }, listing([...rows, ['in', out]]));
}

interface Made {
  readonly images: number;
  readonly sha256: string;
}

/** The folder, whole or not at all; what each split holds. */
export async function makeScenes(
  options: Omit<ScenesOptions, keyof OutputOptions>,
): Promise<Readonly<Record<string, Made>>> {
  const { data, images, testImages, seed, out } = options;
  if (out.trim() === '') throw new UserError('--out "": give the path of a new folder');
  if (images !== undefined && data === undefined) {
    throw new UserError(`--images ${images}: scenes to train on are made of --data; give both, or neither`);
  }
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new UserError(`--out ${out}: is not empty; give a new folder`);
  }
  const splits: Record<string, Made> = {};
  const write = async (draft: string, split: SceneSplit, count: number) => {
    const source = split === 'training' ? await openFashionMnist(data, 'train') : await openFashionMnist();
    splits[split] = { images: count, sha256: await writeScenes(draft, { split, source, count, seed }) };
  };
  const folder = resolve(out);
  mkdirSync(dirname(folder), { recursive: true });
  await writeWholeFolder(folder, async (draft) => {
    if (data !== undefined) await write(draft, 'training', images ?? usualImages);
    await write(draft, 'validation', testImages);
    // The empty one that was there makes room.
    if (existsSync(folder)) rmdirSync(folder);
  });
  return splits;
}
