/**
 * What a data set is called beside its results. A published name means the published images, all of them with their
 * labels: whatever is merely laid out alike gets a name of its own, and so stands beside no published value.
 */
import { basename, resolve } from 'node:path';
import { counted, printable } from '@vssm/core';

/** Longest part of a path that is kept. */
const longest = 120;

/** `8 images of DIR`. @param dir folder or archive, as the user names it */
export function ownTitle(images: number, dir: string): string {
  const name = printable(basename(resolve(dir))).slice(0, longest);
  return `${counted(images, 'image')} of ${name}`;
}

/** What results call a data set. */
export function titleOf({ title, name }: { readonly title?: string; readonly name: string }): string {
  return title ?? name;
}

/**
 * COCO 2017's validation images, told by what is public of their annotation file: 5,000 images, the first and the last
 * by id, and 36,781 objects.
 *
 * @param ids of the images, rising
 */
export function cocoTitle(
  dir: string,
  split: string,
  ids: readonly (number | string)[],
  objects: number,
): string {
  const published =
    split === 'val2017' &&
    ids.length === 5000 &&
    ids[0] === 139 &&
    ids.at(-1) === 581_781 &&
    objects === 36_781;
  return published ? 'COCO 2017' : ownTitle(ids.length, dir);
}

/** The validation images of ADE20K's scene parsing benchmark: `ADE_val_00000001` … `ADE_val_00002000`. */
export function adeTitle(dir: string, split: string, ids: readonly string[]): string {
  const named = (id: string, at: number) => id === `ADE_val_${String(at + 1).padStart(8, '0')}`;
  const published = split === 'validation' && ids.length === 2000 && ids.every(named);
  return published ? 'ADE20K' : ownTitle(ids.length, dir);
}
