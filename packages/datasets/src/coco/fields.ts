/** Checked reading of the fields that COCO's entries have, from values of unknown origin. */
import { UserError } from '@vssm/core';

/** Left, top, width, height; pixels. */
export type CocoBox = readonly [left: number, top: number, width: number, height: number];

/** Polygons (x, y, x, y, … in pixels), or runs as a list or as COCO's compressed string; `size` is [height, width]. */
export type CocoSegmentation =
  | readonly ArrayLike<number>[]
  | { readonly size: readonly number[]; readonly counts: readonly number[] | string };

/** A number in COCO's own files, a text in files of some other tools; of one kind in a file. */
export type CocoImageId = number | string;

export type Fields = Readonly<Record<string, unknown>>;

/** @param name of the entry, for messages */
export function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${name}: is ${shown(value)}, not an object with named fields`);
  }
  return value as Fields;
}

export function wholeNumber(fields: Fields, key: string, name: string): number {
  const value = fields[key];
  if (!Number.isSafeInteger(value)) {
    throw new UserError(`${name}: ${key} is ${shown(value)}, expected a whole number`);
  }
  return value as number;
}

export function imageId(fields: Fields, key: string, name: string): CocoImageId {
  const value = fields[key];
  if (typeof value === 'string' || Number.isSafeInteger(value)) return value as CocoImageId;
  throw new UserError(`${name}: ${key} is ${shown(value)}, expected a whole number or a text`);
}

/** Ascending, texts by code points: the order in which pycocotools takes images, which decides among equal scores. */
export function compareImageIds(a: CocoImageId, b: CocoImageId): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  // Bytes of UTF-8 sort as code points do.
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

export function finiteNumber(fields: Fields, key: string, name: string): number {
  const value = fields[key];
  if (!Number.isFinite(value)) {
    throw new UserError(`${name}: ${key} is ${shown(value)}, expected a finite number`);
  }
  return value as number;
}

export function text(fields: Fields, key: string, name: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new UserError(`${name}: ${key} is ${shown(value)}, expected a text`);
  return value;
}

/** A box may begin outside its image, but cannot be wider than nothing the wrong way round. */
export function box(value: unknown, name: string): CocoBox {
  const sound = Array.isArray(value) && value.length === 4 && value.every(Number.isFinite);
  if (!sound) {
    throw new UserError(`${name}: bbox is ${shown(value)}, expected four finite numbers x, y, width, height`);
  }
  const [left, top, width, height] = value as number[];
  if (width < 0 || height < 0) {
    throw new UserError(
      `${name}: bbox is ${shown(value)}, with a negative side; expected x, y, width, height`,
    );
  }
  return [left, top, width, height];
}

/** The form only; whether runs or corners fit the image shows when the mask is built. */
export function segmentation(value: unknown, name: string): CocoSegmentation {
  if (Array.isArray(value)) {
    return value.map((corners) => {
      if (!Array.isArray(corners) || !corners.every(Number.isFinite)) {
        throw new UserError(`${name}: a polygon is ${shown(corners)}, expected finite numbers x, y, x, y, …`);
      }
      return Float64Array.from(corners as number[]);
    });
  }
  const { size, counts } = fieldsOf(value ?? null, `${name}: segmentation`);
  const listed = Array.isArray(counts) && counts.every(Number.isFinite);
  if (!(Array.isArray(size) && size.every(Number.isInteger)) || !(listed || typeof counts === 'string')) {
    throw new UserError(
      `${name}: segmentation has size ${shown(size)} and counts ${shown(counts)}; expected [height, width] and ` +
        'an RLE string or list',
    );
  }
  return { size: size as number[], counts: counts as number[] | string };
}

/** A value for a message, cut short. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number') return String(value);
  const written = JSON.stringify(value, (_, inner) =>
    typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner,
  );
  return written.length > 60 ? `${written.slice(0, 60)}…` : written;
}
