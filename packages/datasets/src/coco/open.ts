/**
 * COCO 2017's detection and instance segmentation: images from a folder or from the original archive in place,
 * objects from `instances_<split>.json`, unpacked or inside `annotations_trainval2017.zip`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { counted, UserError } from '@vssm/core';
import { at, type ImageFile } from '../dataset.ts';
import { type FileSource, openFileSource } from '../file-source.ts';
import { isFolder } from '../folder.ts';
import { cocoTitle } from '../titles.ts';
import {
  checkPictureSize,
  type VisionDataset,
  type VisionOptions,
  viewsOf,
  visionChecksum,
  visionRecipeOf,
} from '../vision/dataset.ts';
import { openZip } from '../zip.ts';
import { cocoClasses } from './classes.ts';
import { type CocoImageId, compareImageIds } from './fields.ts';
import {
  type CocoAnnotation,
  type CocoImage,
  type CocoImageSize,
  type CocoInstances,
  readInstances,
} from './instances.ts';
import { jsonFile } from './json-entries.ts';

export interface CocoOptions extends VisionOptions {
  /** Folder, archive and annotation file are named after it. Default: val2017. */
  readonly split?: string;
  /** Names of the classes that the model tells apart, in its order. Default: COCO's 80. */
  readonly classes?: readonly string[];
  /** Whether segmentations are read. Default: true. */
  readonly masks?: boolean;
}

/** An image of the annotation file whose picture is there. */
export interface CocoPicture extends CocoImageSize {
  readonly id: CocoImageId;
  readonly fileName: string;
}

export interface CocoTruth {
  readonly image: CocoPicture;
  readonly annotations: readonly CocoAnnotation[];
}

export interface CocoDataset extends VisionDataset<CocoTruth> {
  /** Category id by class index: what a results file calls the classes. */
  readonly categoryIds: readonly number[];
  readonly instances: CocoInstances;
}

/** Four tiny made-up pictures in COCO's layout, for smoke runs; `packages/datasets/make-samples.ts` drew them. */
export const cocoSampleDir = fileURLToPath(new URL('../../../../datasets/coco/testdata', import.meta.url));

const splits = /^[A-Za-z0-9_-]+$/;
const annotationArchive = 'annotations_trainval2017.zip';

/**
 * Opens one split below `dir`: `val2017/*.jpg`, `images/val2017/*.jpg` or `val2017.zip`, and
 * `annotations/instances_val2017.json` or `annotations_trainval2017.zip`.
 *
 * Samples are sorted by image id; the checksum is the SHA-256 of file names and sizes, and of the annotation file.
 *
 * @throws UserError for a missing file, a missing image, or categories that are not the classes asked for
 */
export async function openCoco(dir: string, options: CocoOptions = {}): Promise<CocoDataset> {
  const { split = 'val2017', classes = cocoClasses, masks = true } = options;
  if (!splits.test(split)) throw new UserError(`split "${split}": expected a name such as val2017`);
  const recipe = visionRecipeOf(options, 'plainmamba-coco');
  const instances = await readAnnotations(dir, split, masks);
  const categoryIds = matchCategories(instances, classes);
  const source = await openImages(dir, split);
  try {
    const images = [...instances.images.values()]
      .sort((a, b) => compareImageIds(a.id, b.id))
      .map((image) => pictureOf(image, instances.path));
    const files = findFiles(source.files, source.root, images, instances.path);
    const views = viewsOf(
      (index) => at(files, index, 'coco'),
      recipe,
      (picture, index) => checkPictureSize(picture, images[index], files[index].path, instances.path),
    );
    return {
      ...views,
      name: 'coco',
      title: cocoTitle(
        dir,
        split,
        images.map(({ id }) => id),
        [...instances.annotations.values()].reduce((sum, { length }) => sum + length, 0),
      ),
      split,
      classes,
      categoryIds,
      instances,
      samples: images.map(({ id }, index) => ({ index, id: String(id) })),
      checksum: visionChecksum(files, [instances.checksum]),
      truth: async (index) => {
        const image = at(images, index, 'coco');
        return { image, annotations: instances.annotations.get(image.id) ?? [] };
      },
      close: () => source.files.close(),
    };
  } catch (error) {
    await source.files.close();
    throw error;
  }
}

async function readAnnotations(dir: string, split: string, masks: boolean): Promise<CocoInstances> {
  const name = `annotations/instances_${split}.json`;
  const unpacked = join(dir, name);
  if (existsSync(unpacked)) return readInstances(jsonFile(unpacked), masks);
  const archive = join(dir, annotationArchive);
  if (!existsSync(archive)) {
    throw new UserError(`coco folder ${dir}: neither ${name} nor ${annotationArchive} is in it`);
  }
  const zip = await openZip(archive);
  try {
    const entry = zip.entries.get(name);
    if (entry === undefined) throw new UserError(`archive ${archive}: ${name} is not in it; check the split`);
    return await readInstances({ path: `${archive}:${name}`, open: () => entry.stream() }, masks);
  } finally {
    await zip.close();
  }
}

/** The images' folder or archive, and where in it they lie. */
async function openImages(dir: string, split: string): Promise<{ files: FileSource; root: string }> {
  for (const folder of [split, `images/${split}`]) {
    if (isFolder(join(dir, folder))) return { files: await openFileSource(join(dir, folder)), root: '' };
  }
  const archive = join(dir, `${split}.zip`);
  if (existsSync(archive)) return { files: await openFileSource(archive), root: `${split}/` };
  throw new UserError(`coco folder ${dir}: no images; expected ${split}/, images/${split}/ or ${split}.zip`);
}

/** The categories must be the classes, under these names; their order and ids are the file's own. */
function matchCategories({ path, categories }: CocoInstances, classes: readonly string[]): number[] {
  const idOf = new Map(categories.map(({ id, name }) => [name, id]));
  const missing = classes.filter((name) => !idOf.has(name));
  const foreign = categories.filter(({ name }) => !classes.includes(name));
  const same = missing.length === 0 && foreign.length === 0 && categories.length === classes.length;
  if (same) return classes.map((name) => idOf.get(name)!);
  const named = [
    ...missing.slice(0, 3).map((name) => `"${name}" is missing`),
    ...foreign.slice(0, 3).map(({ id, name }) => `category ${id} "${name}" is not asked for`),
  ];
  throw new UserError(
    `${path}: ${counted(categories.length, 'category', 'categories')}, not the ${counted(classes.length, 'class', 'classes')} asked for ` +
      `(${named.join(', ')}); is it another data set's file?`,
  );
}

function pictureOf({ id, size, fileName }: CocoImage, annotations: string): CocoPicture {
  if (fileName === undefined) throw new UserError(`${annotations}: image ${id} has no file_name`);
  if (size === undefined) throw new UserError(`${annotations}: image ${id} has no height and width`);
  return { id, ...size, fileName };
}

function findFiles(
  source: FileSource,
  root: string,
  images: readonly CocoPicture[],
  annotations: string,
): readonly ImageFile[] {
  const found = images.map(({ fileName }) => {
    // Some tools on Windows write `train\\a.jpg`; a file that really has that name comes first.
    const file = source.find(root + fileName) ?? source.find(root + fileName.replaceAll('\\', '/'));
    return { fileName, file: file && { ...file, id: fileName } };
  });
  const missing = found.filter(({ file }) => file === undefined);
  if (missing.length > 0) {
    throw new UserError(
      `${source.path}: ${missing.length} of the ${images.length} images that ${annotations} lists are missing, ` +
        `first ${missing[0].fileName}; is it another split's folder?`,
    );
  }
  return found.map(({ file }) => file!);
}
