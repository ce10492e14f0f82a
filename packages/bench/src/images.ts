/** Which images of a data set a row runs on. */
import { UserError } from '@vssm/core';
import { type ImageDataset, sampleHash, stratifiedSample } from '@vssm/datasets';

export interface ImageChoice {
  readonly how: 'all' | 'stratified' | 'limit';
  /** Of the stratified sample; null where nothing was drawn. */
  readonly seed: number | null;
  /** Into the data set's samples, rising. */
  readonly indices: readonly number[];
  /** SHA-256 of the chosen ids, one per line. */
  readonly idsHash: string;
  /** True: a cut-down run, not to be compared with anything. */
  readonly partial: boolean;
}

export interface ImageSettings {
  /** Every image instead of a sample. */
  readonly full: boolean;
  /** The first images only, however many a row asks for. */
  readonly limit: number | undefined;
  /** Images of the stratified sample. */
  readonly sampleSize: number;
  /** Of the stratified sample. Default: `sampleSeed`. */
  readonly seed?: number;
}

/** Fixed for good: results of different versions are on the same images. */
export const sampleSeed = 0;

/**
 * The images of a row, in the order of their evaluation.
 * @throws UserError for a limit that is no count of images
 */
export function chooseImages(
  dataset: Pick<ImageDataset, 'samples'>,
  wanted: 'all' | 'sample',
  { full, limit, sampleSize, seed = sampleSeed }: ImageSettings,
): ImageChoice {
  const everyOne = limit !== undefined || wanted === 'all' || full || sampleSize >= dataset.samples.length;
  if (everyOne) return firstImages(dataset, limit);
  const indices = stratifiedSample(dataset, sampleSize, seed);
  return { how: 'stratified', seed, indices, idsHash: idsHashOf(dataset, indices), partial: false };
}

/** All images, or the first so many. */
export function firstImages(dataset: Named, limit: number | undefined): ImageChoice {
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new UserError(`--limit ${limit}: expected a whole number of images, 1 or more`);
  }
  const { length } = dataset.samples;
  const indices = Array.from({ length: Math.min(limit ?? length, length) }, (_, index) => index);
  const how = limit === undefined ? 'all' : 'limit';
  return { how, seed: null, indices, idsHash: idsHashOf(dataset, indices), partial: how === 'limit' };
}

interface Named {
  readonly samples: readonly { readonly id: string }[];
}

function idsHashOf({ samples }: Named, indices: readonly number[]): string {
  return sampleHash(indices.map((index) => samples[index].id));
}
