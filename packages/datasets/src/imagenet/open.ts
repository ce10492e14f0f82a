/**
 * ImageNet-1K's validation set in the layouts people have: class folders, a flat folder with a label file, and the
 * original archive, read in place. The same images get the same ids, labels, order and checksum in all three. Class
 * folders may be anybody's: their names are the classes.
 */
import { basename, dirname, join } from 'node:path';
import { counted, UserError } from '@vssm/core';
import type { ImageDataset, ImageFile } from '../dataset.ts';
import { fileOnDisk, isFolder } from '../folder.ts';
import { type ImageOptions, imageFilesDataset } from '../image-files.ts';
import { ownTitle } from '../titles.ts';
import { openArchive } from './archive.ts';
import { readClassFolders } from './class-folders.ts';
import type { ClassOrder } from './class-orders.ts';
import { findLabels } from './find-labels.ts';
import { type Labelling, stem, writtenStem } from './labelling.ts';
import { findLayout, type Split } from './layout.ts';
import { unlikeValidationSet, validationSet } from './validation.ts';

export interface ImageNetOptions extends ImageOptions {
  /** Which images, where the folder holds both. Default: val. */
  readonly split?: Split;
  /** Default: text, with a note where that order would surprise. */
  readonly classOrder?: ClassOrder;
}

/**
 * Opens the images below `dir`, which may also be their own folder or the archive itself.
 *
 * Ids are file names, or `folder/name` where file names repeat; samples are sorted by id; the checksum is the
 * SHA-256 of the sorted ids, file sizes and labels (the contents, 6.7 GB, are not read for it). Classes are the
 * class folders' names, sorted, unless a list of all WordNet ids lies beside them (`LOC_synset_mapping.txt`,
 * `synset_words.txt` or `synsets.txt`), which lets a part of the folders keep the labels of the whole.
 *
 * @throws UserError for a missing folder, an unknown layout, an empty class folder, a missing or damaged label
 *   file, or one that does not fit the images
 */
export async function openImageNet(dir: string, options: ImageNetOptions = {}): Promise<ImageDataset> {
  const { split = 'val', classOrder } = options;
  const layout = findLayout(dir, split);
  const opened = { dir, split, options };
  if (layout.kind !== 'class-folders' && classOrder === 'number') {
    throw new UserError(
      `--class-order number: ${layout.at} has no class folders; its label file has the numbers`,
    );
  }
  switch (layout.kind) {
    case 'class-folders': {
      const { classes, files, notes } = readClassFolders(layout.at, layout.folders, classOrder);
      return imageNet({ ...opened, classes, files, notes });
    }
    case 'flat': {
      const labelling = await findLabels(labelFolders(dir, layout.at));
      const files = labelled(layout.images, labelling, layout.at).map(({ path, name, label }) =>
        fileOnDisk(path, name, label),
      );
      return imageNet({ ...opened, classes: labelling.classes, files });
    }
    case 'archive':
      return openImageArchive(dir, layout.at, opened);
    default:
      return layout satisfies never;
  }
}

interface Opened {
  /** As the user named it. */
  readonly dir: string;
  readonly split: Split;
  readonly options: ImageOptions;
}

function imageNet({
  dir,
  split,
  options,
  classes,
  files,
  notes = [],
  close = async () => {},
}: Opened & {
  readonly classes: readonly string[];
  readonly files: readonly ImageFile[];
  readonly notes?: readonly string[];
  readonly close?: () => Promise<void>;
}): ImageDataset {
  const dataset = imageFilesDataset({ name: 'imagenet', split, classes, notes, close }, files, options);
  const own = ownTitle(files.length, dir);
  if (split !== 'val') return { ...dataset, title: own };
  const unlike = unlikeValidationSet(dataset.samples);
  if (unlike === undefined) return { ...dataset, title: validationSet.title };
  if (files.length !== validationSet.images) return { ...dataset, title: own };
  // As many images, so its user will take it for the published set.
  const said = `${dir}: not ImageNet-1K's validation set (${unlike}); results call it "${own}", beside no published value`;
  return { ...dataset, title: own, notes: [...notes, said] };
}

/** Where label files are looked for; messages name the first. */
function labelFolders(dir: string, imagesAt: string): readonly string[] {
  const roots = isFolder(dir) ? [dir, imagesAt, dirname(imagesAt)] : [dirname(imagesAt)];
  const inside = ['.', 'meta', 'ILSVRC2012_devkit_t12/data'];
  return [...new Set(inside.flatMap((folder) => roots.map((root) => join(root, folder))))];
}

async function openImageArchive(dir: string, path: string, opened: Opened): Promise<ImageDataset> {
  const archive = await openArchive(path);
  try {
    const labelling = await findLabels(labelFolders(dir, path));
    const found = archive.images.map((entry) => ({ entry, name: basename(entry.path) }));
    const files = labelled(found, labelling, path).map(
      ({ entry, name, label }): ImageFile => ({
        id: name,
        label,
        path: `${path}:${entry.path}`,
        size: entry.size,
        read: () => archive.read(entry),
      }),
    );
    return imageNet({ ...opened, classes: labelling.classes, files, close: archive.close });
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** Joins images and labels, which must be as many. */
function labelled<T extends { readonly name: string }>(
  images: readonly T[],
  labelling: Labelling,
  at: string,
): readonly (T & { readonly label: number })[] {
  const { path, labels } = labelling;
  if (labels.size !== images.length) {
    throw new UserError(
      `${path}: ${counted(labels.size, 'label')} for ${counted(images.length, 'image')} in ${at}; ` +
        'complete whichever of the two is short',
    );
  }
  const seen = new Set<string>();
  return images.map((image) => {
    const label = labels.get(stem(image.name)) ?? labels.get(writtenStem(image.name));
    if (label === undefined)
      throw new UserError(`${path}: no label for ${image.name} in ${at}; add its line`);
    if (seen.has(stem(image.name))) throw new UserError(`${at}: ${image.name} is in it twice; remove one`);
    seen.add(stem(image.name));
    return { ...image, label };
  });
}
