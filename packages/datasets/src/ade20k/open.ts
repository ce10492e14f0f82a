/**
 * ADE20K's scene parsing benchmark (`ADEChallengeData2016`), from its folder or from the original archive in place; and
 * whatever is laid out like it, with a file of its own classes beside `images`. Label maps are given as stored: 0 is
 * unlabelled, classes count from 1 (`reduceZeroLabel` when scored).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { counted, UserError } from '@vssm/core';
import { classNames } from '../class-names.ts';
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
}

/** Four tiny made-up pictures in ADE20K's layout, for smoke runs; `packages/datasets/make-samples.ts` drew them. */
export const ade20kSampleDir = fileURLToPath(
  new URL('../../../../datasets/ade20k/testdata', import.meta.url),
);

const top = 'ADEChallengeData2016';
/** Names of the classes, one a line, the first that of label 1; ADE20K's own 150 where there is no such file. */
export const classesFile = 'classes.txt';
/** As many as label maps of 8 bits can tell apart, 0 and 255 being none. */
const mostClasses = 254;

/**
 * Opens one split of `dir`, which is the folder `ADEChallengeData2016`, the folder that holds it, its archive
 * `ADEChallengeData2016.zip`, or the folder that holds that.
 *
 * Samples are sorted by name; the checksum is the SHA-256 of names and sizes of images and label maps.
 *
 * @throws UserError for a missing folder, an image without label map or the reverse, a list of classes that is none
 */
export async function openAde20k(dir: string, options: AdeOptions = {}): Promise<VisionDataset<LabelMap>> {
  const { split = 'validation' } = options;
  const recipe = visionRecipeOf(options, 'plainmamba-ade20k');
  const source = await openFileSource(sourcePath(dir));
  try {
    const root = rootOf(source, split);
    const classes = (await ownClasses(source.find(root + classesFile))) ?? adeClasses;
    const pairs = pairsOf(source, root, split);
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
      checksum: visionChecksum([...images, ...maps], classes === adeClasses ? [] : classes),
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

function rootOf(source: FileSource, split: string): string {
  const root = ['', `${top}/`].find((prefix) => source.list(`${prefix}images/${split}`).length > 0);
  if (root === undefined) {
    throw new UserError(
      `${source.path}: no images/${split} in it; expected ${top} with images/ and annotations/ (or its .zip)`,
    );
  }
  return root;
}

/** Undefined where there is no such file. */
async function ownClasses(file: ImageFile | undefined): Promise<readonly string[] | undefined> {
  if (file === undefined) return undefined;
  const names = classNames(Buffer.from(await readImageFile(file)).toString('utf8'), file.path);
  if (names.length <= mostClasses) return names;
  throw new UserError(
    `${file.path}: ${names.length} classes, more than the ${mostClasses} that label maps tell apart`,
  );
}

/** Every image with the label map of the same name. */
function pairsOf(source: FileSource, root: string, split: string): Pair[] {
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
