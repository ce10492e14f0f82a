/**
 * ImageNet-1K's validation set in the layouts people have: class folders, a flat folder with a label file, and the
 * original archive, read in place. The same images get the same ids, labels, order and checksum in all three.
 */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '@vssm/core';
import type { ImageDataset, ImageFile } from '../dataset.ts';
import { fileOnDisk, type ImageOptions, imageFilesDataset, isFolder, listFolder } from '../image-files.ts';
import { openArchive } from './archive.ts';
import { findLabels, readSynsets } from './find-labels.ts';
import { type Labelling, stem } from './labelling.ts';

const archiveName = 'ILSVRC2012_img_val.tar';

/** Where the images may lie below the folder that the user names: plain, and as Kaggle packs them. */
const imageFolders = ['val', 'ILSVRC2012_img_val', 'ILSVRC/Data/CLS-LOC/val', 'Data/CLS-LOC/val'];

type Layout =
  | { readonly kind: 'class-folders'; readonly at: string; readonly folders: readonly string[] }
  | { readonly kind: 'flat'; readonly at: string; readonly images: readonly string[] }
  | { readonly kind: 'archive'; readonly at: string };

/**
 * Opens the validation set below `dir`, which may also be the folder of the images or the archive itself.
 *
 * Ids are file names, or `folder/name` where file names repeat; samples are sorted by id; the checksum is the
 * SHA-256 of the sorted ids, file sizes and labels (the contents, 6.7 GB, are not read for it). Classes are the
 * class folders' names, sorted, unless a list of all WordNet ids lies beside them (`LOC_synset_mapping.txt`,
 * `synset_words.txt` or `synsets.txt`), which lets a part of the folders keep the labels of the whole.
 *
 * @throws UserError for a missing folder, an unknown layout, an empty class folder, a missing or damaged label
 *   file, or one that does not fit the images
 */
export async function openImageNet(dir: string, options: ImageOptions = {}): Promise<ImageDataset> {
  const layout = findLayout(dir);
  switch (layout.kind) {
    case 'class-folders':
      return openClassFolders(layout.at, layout.folders, options);
    case 'flat': {
      const labelling = await findLabels(labelFolders(dir, layout.at));
      const found = layout.images.map((name) => ({ name, path: join(layout.at, name) }));
      const files = labelled(found, labelling, layout.at).map(({ path, name, label }) =>
        fileOnDisk(path, name, label),
      );
      return imageNet(labelling.classes, files, options);
    }
    case 'archive':
      return openImageArchive(dir, layout.at, options);
    default:
      return layout satisfies never;
  }
}

function imageNet(
  classes: readonly string[],
  files: readonly ImageFile[],
  options: ImageOptions,
  close: () => Promise<void> = async () => {},
): ImageDataset {
  return imageFilesDataset({ name: 'imagenet', split: 'val', classes, close }, files, options);
}

function findLayout(dir: string): Layout {
  if (dir.endsWith('.tar') && isFile(dir)) return { kind: 'archive', at: dir };
  const top = listFolder(dir, 'imagenet folder');
  for (const folder of imageFolders) {
    const at = join(dir, folder);
    if (!isFolder(at)) continue;
    const { folders, images } = listFolder(at, 'imagenet folder');
    refuseMixture(at, folders, images);
    if (folders.length > 0) return { kind: 'class-folders', at, folders };
    if (images.length > 0) return { kind: 'flat', at, images };
  }
  const named = top.folders.filter((name) => /^n\d{8}$/.test(name));
  refuseMixture(dir, named, top.images);
  if (named.length > 0) return { kind: 'class-folders', at: dir, folders: named };
  if (top.images.length > 0) return { kind: 'flat', at: dir, images: top.images };
  const archive = join(dir, archiveName);
  if (isFile(archive)) return { kind: 'archive', at: archive };
  throw new UserError(
    `imagenet folder ${dir}: no validation images; expected class folders (val/n01440764/*.JPEG), a flat folder ` +
      `val/ with val.txt, or ${archiveName}`,
  );
}

function refuseMixture(at: string, folders: readonly string[], images: readonly string[]): void {
  if (folders.length === 0 || images.length === 0) return;
  throw new UserError(
    `imagenet folder ${at}: ${images.length} loose images beside ${folders.length} class folders; ` +
      'finish sorting them into the folders',
  );
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Where label files are looked for; messages name the first. */
function labelFolders(dir: string, imagesAt: string): readonly string[] {
  const roots = isFolder(dir) ? [dir, imagesAt, dirname(imagesAt)] : [dirname(imagesAt)];
  const inside = ['.', 'meta', 'ILSVRC2012_devkit_t12/data'];
  return [...new Set(inside.flatMap((folder) => roots.map((root) => join(root, folder))))];
}

function openClassFolders(at: string, folders: readonly string[], options: ImageOptions): ImageDataset {
  const known = readSynsets(labelFolders(at, at));
  const classes = known !== undefined && folders.every((name) => known.includes(name)) ? known : folders;
  const found = folders.flatMap((folder) => {
    const { images } = listFolder(join(at, folder), 'class folder');
    if (images.length === 0) {
      throw new UserError(`class folder ${join(at, folder)}: no images in it; fill it or remove it`);
    }
    const label = classes.indexOf(folder);
    return images.map((name) => ({ folder, name, label }));
  });
  const namesAreUnique = new Set(found.map(({ name }) => name)).size === found.length;
  const files = found.map(({ folder, name, label }) =>
    fileOnDisk(join(at, folder, name), namesAreUnique ? name : `${folder}/${name}`, label),
  );
  return imageNet(classes, files, options);
}

async function openImageArchive(dir: string, path: string, options: ImageOptions): Promise<ImageDataset> {
  const labelling = await findLabels(labelFolders(dir, path));
  const archive = await openArchive(path);
  try {
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
    return imageNet(labelling.classes, files, options, archive.close);
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
      `${path}: ${labels.size} labels for ${images.length} images in ${at}; ` +
        'complete whichever of the two is short',
    );
  }
  const seen = new Set<string>();
  return images.map((image) => {
    const label = labels.get(stem(image.name));
    if (label === undefined)
      throw new UserError(`${path}: no label for ${image.name} in ${at}; add its line`);
    if (seen.has(stem(image.name))) throw new UserError(`${at}: ${image.name} is in it twice; remove one`);
    seen.add(stem(image.name));
    return { ...image, label };
  });
}
