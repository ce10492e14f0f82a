/** The work of `vssm scenes`. */
import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { counted, UserError } from '@vssm/core';
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
  const { data, images, testImages, seed, out } = options;
  if (out.trim() === '') throw new UserError('--out "": give the path of a new folder');
  if (images !== undefined && data === undefined) {
    throw new UserError(`--images ${images}: scenes to train on are made of --data; give both, or neither`);
  }
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new UserError(`--out ${out}: is not empty; give a new folder`);
  }
  // What was interrupted is never taken for the whole.
  const unfinished = `${resolve(out)}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const splits: Record<string, { readonly images: number; readonly sha256: string }> = {};
  const write = async (split: SceneSplit, count: number) => {
    const source = split === 'training' ? await openFashionMnist(data, 'train') : await openFashionMnist();
    splits[split] = { images: count, sha256: await writeScenes(unfinished, { split, source, count, seed }) };
  };
  if (data !== undefined) await write('training', images ?? usualImages);
  await write('validation', testImages);
  if (existsSync(out)) rmdirSync(out);
  renameSync(unfinished, out);
  const rows = Object.entries(splits).map(([split, made]): [string, string] => [
    split,
    `${counted(made.images, 'scene')}, SHA-256 of their contents ${made.sha256}`,
  ]);
  printResult(options, { out, seed, splits }, listing([...rows, ['in', out]]));
}
