/** Which of the layouts people have lies in a folder: class folders, a flat folder, or the original archive. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { type FolderEntry, isFile, isFolder, type Listing, listFolder } from '../folder.ts';

export type Split = 'train' | 'val';

/** The images that lie directly in one class's folder. */
export interface ClassFolder extends FolderEntry {
  readonly images: readonly FolderEntry[];
}

export type Layout =
  | { readonly kind: 'class-folders'; readonly at: string; readonly folders: readonly ClassFolder[] }
  | { readonly kind: 'flat'; readonly at: string; readonly images: readonly FolderEntry[] }
  | { readonly kind: 'archive'; readonly at: string };

/** Where the images may lie below the folder that the user names: plain, and as Kaggle packs them. */
const imageFolders: Readonly<Record<Split, readonly string[]>> = {
  train: ['train', 'ILSVRC/Data/CLS-LOC/train', 'Data/CLS-LOC/train'],
  val: ['val', 'ILSVRC2012_img_val', 'ILSVRC/Data/CLS-LOC/val', 'Data/CLS-LOC/val'],
};

const archiveName = 'ILSVRC2012_img_val.tar';
/** The archive as some have packed it; opening it says what to do. */
const packedNames = [`${archiveName}.gz`, 'ILSVRC2012_img_val.tgz'];

/** Folders beside class folders that hold labels, and no class. */
const labelFolders = new Set(['meta', 'ILSVRC2012_devkit_t12']);

/**
 * Finds the images below a folder, which may also be their own folder, or an archive.
 *
 * @throws UserError when there are none, or when class folders and loose images lie side by side
 */
export function findLayout(dir: string, split: Split): Layout {
  if (isFile(dir)) return { kind: 'archive', at: dir };
  const top = listFolder(dir, 'imagenet folder');
  for (const folder of imageFolders[split]) {
    const at = join(dir, folder);
    if (!isFolder(at)) continue;
    const layout = layoutOf(at, listFolder(at, 'imagenet folder'));
    if (layout !== undefined) return layout;
  }
  const layout = layoutOf(dir, top);
  if (layout !== undefined) return layout;
  const archive = [archiveName, ...packedNames].map((name) => join(dir, name)).find(isFile);
  if (archive !== undefined && split === 'val') return { kind: 'archive', at: archive };
  throw noImages(dir, split, top);
}

/** Undefined where neither images nor folders of images lie. */
function layoutOf(at: string, { folders, images }: Listing): Layout | undefined {
  const classes = folders
    .filter(({ name }) => !labelFolders.has(name))
    .map((folder): ClassFolder => ({ ...folder, ...imagesIn(folder) }));
  if (classes.some((folder) => folder.images.length > 0)) {
    if (images.length > 0) {
      throw new UserError(
        `imagenet folder ${at}: ${images.length} loose images beside ${classes.length} class folders; ` +
          'finish sorting them into the folders',
      );
    }
    return { kind: 'class-folders', at, folders: classes };
  }
  return images.length > 0 ? { kind: 'flat', at, images } : undefined;
}

function imagesIn(folder: FolderEntry): Pick<ClassFolder, 'images'> {
  return { images: listFolder(folder.path, 'class folder').images };
}

function noImages(dir: string, split: Split, { folders }: Listing): UserError {
  if (split === 'train') {
    return new UserError(
      `folder ${dir}: no training images; expected class folders in it or in train/ (cat/*.jpg, dog/*.jpg)`,
    );
  }
  const train = folders.some(({ name }) => name === 'train') || existsSync(join(dir, 'ILSVRC'));
  return new UserError(
    `imagenet folder ${dir}: no validation images; expected class folders (val/n01440764/*.JPEG, or cat/*.jpg), a ` +
      `flat folder val/ with val.txt, or ${archiveName}${train ? '; name the folder of the images itself to take others' : ''}`,
  );
}
