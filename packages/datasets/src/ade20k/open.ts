/**
 * ADE20K's scene parsing benchmark (`ADEChallengeData2016`), from its folder or from the original archive in place.
 * Label maps are given as stored: 0 is unlabelled, classes count from 1 (`reduceZeroLabel` when scored).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { counted, UserError } from '@vssm/core';
import { pictureSize } from '../codec.ts';
import { at, type ImageFile, readImageFile } from '../dataset.ts';
import { type FileSource, openFileSource } from '../file-source.ts';
import { isImageName } from '../folder.ts';
import { decodeLabelMap, type LabelMap } from '../label-map.ts';
import { adeTitle } from '../titles.ts';
import {
  checkPictureSize,
  type VisionDataset,
  type VisionOptions,
  viewsOf,
  visionChecksum,
  visionRecipeOf,
} from '../vision/dataset.ts';
import { adeClasses } from './classes.ts';

export interface AdeOptions extends VisionOptions {
  /** `validation` (default) or `training`. */
  readonly split?: string;
  /** Names of the classes that the model tells apart, in its order. Default: ADE20K's 150. */
  readonly classes?: readonly string[];
}

/** Four tiny made-up pictures in ADE20K's layout, for smoke runs; `packages/datasets/make-samples.ts` drew them. */
export const ade20kSampleDir = fileURLToPath(
  new URL('../../../../datasets/ade20k/testdata', import.meta.url),
);

const top = 'ADEChallengeData2016';

/**
 * Opens one split of `dir`, which is the folder `ADEChallengeData2016`, the folder that holds it, its archive
 * `ADEChallengeData2016.zip`, or the folder that holds that.
 *
 * Samples are sorted by name; the checksum is the SHA-256 of names and sizes of images and label maps.
 *
 * @throws UserError for a missing folder, an image without label map or the reverse, or another number of classes
 */
export async function openAde20k(dir: string, options: AdeOptions = {}): Promise<VisionDataset<LabelMap>> {
  const { split = 'validation', classes = adeClasses } = options;
  if (classes.length !== adeClasses.length) {
    throw new UserError(`ade20k has ${adeClasses.length} classes, not the ${classes.length} asked for`);
  }
  const recipe = visionRecipeOf(options, 'plainmamba-ade20k');
  const source = await openFileSource(sourcePath(dir));
  try {
    const pairs = pairsOf(source, split);
    const images = pairs.map(({ image }) => image);
    const maps = pairs.map(({ map }) => map);
    return {
      ...viewsOf((index) => at(images, index, 'ade20k'), recipe),
      name: 'ade20k',
      title: adeTitle(
        dir,
        split,
        pairs.map(({ id }) => id),
      ),
      split,
      classes,
      samples: pairs.map(({ id }, index) => ({ index, id })),
      checksum: visionChecksum([...images, ...maps], []),
      truth: async (index) => readTruth(at(pairs, index, 'ade20k'), classes.length),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function sourcePath(dir: string): string {
  const candidates = [join(dir, top), join(dir, `${top}.zip`)];
  return candidates.find((path) => existsSync(path)) ?? dir;
}

interface Pair {
  readonly id: string;
  readonly image: ImageFile;
  readonly map: ImageFile;
}

/** Every image with the label map of the same name. */
function pairsOf(source: FileSource, split: string): Pair[] {
  const root = ['', `${top}/`].find((prefix) => source.list(`${prefix}images/${split}`).length > 0);
  if (root === undefined) {
    throw new UserError(
      `${source.path}: no images/${split} in it; expected ${top} with images/ and annotations/ (or its .zip)`,
    );
  }
  const stem = (name: string) => name.replace(/\.[^.]*$/, '');
  const images = source.list(`${root}images/${split}`).filter(isImageName);
  const maps = source.list(`${root}annotations/${split}`).filter((name) => /^[^.].*\.png$/i.test(name));
  const mapOf = new Map(maps.map((name) => [stem(name), name]));
  const imageStems = new Set(images.map(stem));
  const alone =
    images.find((name) => !mapOf.has(stem(name))) ?? maps.find((name) => !imageStems.has(stem(name)));
  if (alone !== undefined) {
    throw new UserError(
      `${source.path}: ${counted(images.length, 'image')} and ${counted(maps.length, 'label map')} in ${split}; ${alone} has no ` +
        'counterpart, complete the set',
    );
  }
  const found = (path: string): ImageFile => ({ ...source.find(root + path)!, id: path });
  return images.map((name) => ({
    id: stem(name),
    image: found(`images/${split}/${name}`),
    map: found(`annotations/${split}/${mapOf.get(stem(name))}`),
  }));
}

async function readTruth({ image, map: file }: Pair, classes: number): Promise<LabelMap> {
  const map = decodeLabelMap(await readImageFile(file), file.path);
  const foreign = map.labels.find((label) => label > classes && label !== 255);
  if (foreign !== undefined) {
    throw new UserError(
      `label map ${file.path}: label ${foreign}, but the classes are 0 … ${classes}; is it of the full ADE20K?`,
    );
  }
  const picture = await pictureSize(await readImageFile(image), image.path);
  checkPictureSize(map, picture, file.path, image.path);
  return map;
}
