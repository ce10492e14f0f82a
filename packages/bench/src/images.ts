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

export function chooseImages(
  dataset: Pick<ImageDataset, 'samples'>,
  wanted: 'all' | 'sample',
  { full, limit, sampleSize, seed = sampleSeed }: ImageSettings,
): ImageChoice {
  const { samples } = dataset;
  if (limit !== undefined) {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new UserError(`--limit ${limit}: expected a whole number of images, 1 or more`);
    }
    return choice('limit', null, everyIndex(Math.min(limit, samples.length)));
  }
  if (wanted === 'all' || full || sampleSize >= samples.length) {
    return choice('all', null, everyIndex(samples.length));
  }
  return choice('stratified', seed, stratifiedSample(dataset, sampleSize, seed));

  function choice(how: ImageChoice['how'], drawnBy: number | null, indices: readonly number[]): ImageChoice {
    const idsHash = sampleHash(indices.map((index) => samples[index].id));
    return { how, seed: drawnBy, indices, idsHash, partial: how === 'limit' };
  }
}

function everyIndex(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
