/** Images sorted into one folder for each class, with the folders' names as classes, sorted as torchvision does. */
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import type { ImageFile } from '../dataset.ts';
import { fileOnDisk, listFolder } from '../folder.ts';
import { pathAsText } from '../names.ts';
import type { ClassOrder } from './class-orders.ts';
import { readSynsets } from './find-labels.ts';
import type { ClassFolder } from './layout.ts';

export interface SortedIntoFolders {
  readonly classes: readonly string[];
  readonly files: readonly ImageFile[];
  readonly notes: readonly string[];
}

/**
 * Files and labels. Where a list of all WordNet ids lies in or beside the folders, a part of them keeps the labels of
 * the whole.
 *
 * @param order undefined: as text, with a note where that order would surprise
 * @throws UserError naming the folder: without images, with images deeper in it, or not among the listed ids
 */
export function readClassFolders(
  at: string,
  given: readonly ClassFolder[],
  order: ClassOrder | undefined,
): SortedIntoFolders {
  const folders = order === 'number' ? byNumber(at, given) : given;
  const names = folders.map(({ name }) => name);
  const { classes, note } = classesOf(at, names);
  for (const folder of folders) checkFolder(folder);
  const found = folders.flatMap((folder) =>
    folder.images.map((image) => ({ folder: folder.name, image, label: classes.indexOf(folder.name) })),
  );
  const namesAreUnique = new Set(found.map(({ image }) => image.name)).size === found.length;
  const files = found.map(({ folder, image: { name, path }, label }) =>
    fileOnDisk(path, namesAreUnique ? name : `${folder}/${name}`, label),
  );
  const surprise = order === undefined ? numbersAsText(at, names) : [];
  return { classes, files, notes: [...note, ...surprise] };
}

function classesOf(
  at: string,
  names: readonly string[],
): { classes: readonly string[]; note: readonly string[] } {
  const known = readSynsets([at, join(at, '..'), join(at, 'meta'), join(at, '../meta')]);
  if (known === undefined) return { classes: names, note: [] };
  const strangers = names.filter((name) => !known.includes(name));
  if (strangers.length === 0) return { classes: known, note: [] };
  if (strangers.length < names.length) {
    throw new UserError(
      `imagenet folder ${at}: ${names.length - strangers.length} class folders are in the list of WordNet ids beside ` +
        `them and ${strangers.length} are not, first "${strangers[0]}"; take these out, or remove the list`,
    );
  }
  return {
    classes: names,
    note: [`${at}: its class folders are in no list of WordNet ids; their own names count`],
  };
}

/** What torchvision does with these: an error for an empty folder, images from any depth. */
function checkFolder({ path, images }: ClassFolder): void {
  const place = `class folder ${pathAsText(path)}`;
  const { folders } = listFolder(path, 'class folder');
  const deeper = folders.find((inner) => listFolder(inner.path, 'folder').images.length > 0);
  if (deeper !== undefined) {
    throw new UserError(
      `${place}: has images in its folder "${deeper.name}"; move them up into the class folder`,
    );
  }
  if (images.length === 0) throw new UserError(`${place}: no images in it; fill it or remove it`);
}

const isNumber = (name: string) => /^\d{1,15}$/.test(name);

function byNumber(at: string, folders: readonly ClassFolder[]): readonly ClassFolder[] {
  const stranger = folders.find(({ name }) => !isNumber(name));
  if (stranger !== undefined) {
    throw new UserError(
      `class folders in ${at}: "${stranger.name}" is no number, so they cannot be sorted as numbers; use text order`,
    );
  }
  return folders.toSorted((a, b) => Number(a.name) - Number(b.name));
}

/** Says so where all names are numbers and text puts them into another order than counting does. */
function numbersAsText(at: string, names: readonly string[]): readonly string[] {
  if (!names.every(isNumber)) return [];
  const wrong = names.findIndex((name, label) => label > 0 && Number(names[label - 1]) > Number(name));
  if (wrong < 0) return [];
  return [
    `class folders in ${at} are all numbers, and are sorted as text, as torchvision does: "${names[wrong - 1]}" is class ` +
      `${wrong - 1} and "${names[wrong]}" is class ${wrong}; --class-order number sorts them as numbers, ` +
      '--class-order text says that text is meant',
  ];
}
