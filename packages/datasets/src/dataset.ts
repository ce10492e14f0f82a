/**
 * What every image data set looks like from outside: a fixed list of samples, each loaded by its place in the
 * list, normalised for the model or as the 8-bit picture that entered.
 */
import { createHash } from 'node:crypto';
import { UserError } from '@vssm/core';
import type { RgbImage } from './image.ts';

export interface Sample {
  /** Place in `samples`; stable, since samples are sorted by id. */
  readonly index: number;
  /** File name, or whatever else names the sample within its data set. */
  readonly id: string;
  /** Index into `classes`; -1 where no label is known. */
  readonly label: number;
}

export interface ImageDataset {
  readonly name: string;
  /** What results call it, as titles.ts says; the name where nothing is known. */
  readonly title?: string;
  readonly split: string;
  /** Class names by label; empty where no labels are known. */
  readonly classes: readonly string[];
  readonly samples: readonly Sample[];
  /** What its user should know about how it was read; to be shown. */
  readonly notes?: readonly string[];
  /** SHA-256, hex, that identifies the data; the opening function says of what. */
  readonly checksum: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /**
   * Normalised pixels, [C, H, W].
   *
   * @throws UserError naming the file when the image cannot be read
   */
  load(index: number): Promise<Float32Array>;
  /** The same image as 8-bit RGB, before normalisation. */
  preview(index: number): Promise<RgbImage>;
  /** Closes files; nothing can be loaded afterwards. */
  close(): Promise<void>;
}

/** The bytes of one image file, from wherever it lies. */
export interface ImageFile {
  readonly id: string;
  readonly label: number;
  /** Path for messages. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  read(): Promise<Uint8Array>;
}

/** No photograph is this long; a file that is gets refused before it is read. */
export const maxImageBytes = 256 * 1024 ** 2;

/** Order of ids by code unit: the same on every machine, whatever its language. */
export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** SHA-256 over the lines `id<tab>size<tab>label` of the files in the order of their ids. */
export function listingChecksum(files: readonly ImageFile[]): string {
  const hash = createHash('sha256');
  for (const { id, size, label } of files) hash.update(`${id}\t${size}\t${label}\n`);
  return hash.digest('hex');
}

/** The sample at an index. A wrong index is a bug of the caller. */
export function at<T>(items: readonly T[], index: number, dataset: string): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`${dataset}: no sample ${index} among ${items.length}`);
  return item;
}

/** Refuses an oversized file, and says which file failed when reading does. */
export async function readImageFile(file: ImageFile): Promise<Uint8Array> {
  if (file.size > maxImageBytes) {
    throw new UserError(
      `image ${file.path}: ${file.size} bytes is more than ${maxImageBytes}; scale it down`,
    );
  }
  try {
    return await file.read();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`image ${file.path}: cannot be read (${(error as Error).message})`);
  }
}
