/** The work of `vssm scenes`. */
import { existsSync, readdirSync } from 'node:fs';
import { counted, UserError } from '@vssm/core';
import { openFashionMnist, type SceneSplit, writeScenes } from '@vssm/datasets';
import { listing, type OutputOptions, printResult } from '../output.ts';

export interface ScenesOptions extends OutputOptions {
  readonly data?: string;
  readonly images: number;
  readonly testImages: number;
  readonly seed: number;
  readonly out: string;
}

/** @throws UserError for a folder that holds something, and for images that are not Fashion-MNIST's */
export async function scenes(options: ScenesOptions): Promise<void> {
  const { data, images, testImages, seed, out } = options;
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new UserError(`--out ${out}: is not empty; give a new folder`);
  }
  const splits: Record<string, { readonly images: number; readonly sha256: string }> = {};
  const write = async (split: SceneSplit, count: number) => {
    const source = split === 'training' ? await openFashionMnist(data, 'train') : await openFashionMnist();
    splits[split] = { images: count, sha256: await writeScenes(out, { split, source, count, seed }) };
  };
  if (data !== undefined) await write('training', images);
  await write('validation', testImages);
  const rows = Object.entries(splits).map(([split, made]): [string, string] => [
    split,
    `${counted(made.images, 'scene')}, SHA-256 of their contents ${made.sha256}`,
  ]);
  printResult(options, { out, seed, splits }, listing([...rows, ['in', out]]));
}
