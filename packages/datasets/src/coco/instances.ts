/**
 * COCO's annotation files for detection and instance segmentation (`instances_val2017.json` and whatever follows
 * its form), read as a stream. Kept are the few fields that evaluation needs; corners of polygons as numbers in
 * typed arrays, so that the 450 MB of the training split take a fraction of that.
 */
import { createHash } from 'node:crypto';
import { UserError } from '@vssm/core';
import {
  box,
  type CocoBox,
  type CocoImageId,
  type CocoSegmentation,
  type Fields,
  fieldsOf,
  finiteNumber,
  imageId,
  segmentation,
  shown,
  text,
  wholeNumber,
} from './fields.ts';
import { type JsonSource, jsonEntries } from './json-entries.ts';

/** Pixels. */
export interface CocoImageSize {
  readonly height: number;
  readonly width: number;
}

export interface CocoImage {
  readonly id: CocoImageId;
  /** Undefined where the file has neither height nor width, which only masks need. */
  readonly size: CocoImageSize | undefined;
  /** Undefined where the file names none. */
  readonly fileName: string | undefined;
}

export interface CocoCategory {
  readonly id: number;
  readonly name: string;
}

export interface CocoAnnotation {
  readonly id: number;
  readonly image: CocoImageId;
  readonly category: number;
  readonly box: CocoBox;
  /** Pixels of the object, as the annotators' tool counted them. */
  readonly area: number;
  readonly crowd: boolean;
  /** Undefined unless masks were asked for. */
  readonly segmentation: CocoSegmentation | undefined;
}

export interface CocoInstances {
  readonly path: string;
  /** By id, in the order of the file. */
  readonly images: ReadonlyMap<CocoImageId, CocoImage>;
  /** Ascending by id. */
  readonly categories: readonly CocoCategory[];
  /** By image id, in the order of the file; an image without objects is not in it. */
  readonly annotations: ReadonlyMap<CocoImageId, readonly CocoAnnotation[]>;
  /** Of the whole file; SHA-256, hex. */
  readonly checksum: string;
}

const lists = ['images', 'annotations', 'categories'] as const;
type List = (typeof lists)[number];

/** Several times the training split's 118,287 images and 860,001 annotations. */
const mostEntries: Readonly<Record<List, number>> = {
  images: 2_000_000,
  annotations: 5_000_000,
  categories: 100_000,
};
/** Masks count their pixels in 32 bits. */
const maxPixels = 2 ** 31 - 1;

/**
 * Reads an annotation file.
 *
 * @param masks whether segmentations are needed
 * @throws UserError naming the file and the id of what is wrong in it
 */
export async function readInstances(source: JsonSource, masks: boolean): Promise<CocoInstances> {
  const { path } = source;
  const hash = createHash('sha256');
  const images = new Map<CocoImageId, CocoImage>();
  const categories = new Map<number, CocoCategory>();
  const annotations = new Map<CocoImageId, CocoAnnotation[]>();
  const annotationIds = new Set<number>();
  const hashed: JsonSource = { path, open: () => passing(source, (chunk) => hash.update(chunk)) };
  for await (const entries of jsonEntries(hashed, lists)) {
    for (const { list, index, value } of entries) {
      refuseTooMany(path, list as List, index);
      const place = `${path}: ${list}[${index}]`;
      const fields = fieldsOf(value, place);
      switch (list as List) {
        case 'images': {
          const id = imageId(fields, 'id', place);
          refuseTwice(images.has(id), `${path}: image ${id}`);
          images.set(id, imageOf(fields, id, `${path}: image ${id}`));
          break;
        }
        case 'categories': {
          const id = wholeNumber(fields, 'id', place);
          refuseTwice(categories.has(id), `${path}: category ${id}`);
          categories.set(id, { id, name: text(fields, 'name', `${path}: category ${id}`) });
          break;
        }
        case 'annotations': {
          const id = wholeNumber(fields, 'id', place);
          const annotation = annotationOf(fields, id, masks, path);
          refuseTwice(annotationIds.has(id), `${path}: annotation ${id}`);
          annotationIds.add(id);
          const sameImage = annotations.get(annotation.image);
          if (sameImage === undefined) annotations.set(annotation.image, [annotation]);
          else sameImage.push(annotation);
          break;
        }
        default:
          throw new RangeError(`no list "${list}" was asked for`);
      }
    }
  }
  refuseEmpty(path, 'images', images.size);
  refuseEmpty(path, 'categories', categories.size);
  refuseMixed(path, images.keys());
  const instances: CocoInstances = {
    path,
    images,
    categories: [...categories.values()].sort((a, b) => a.id - b.id),
    annotations,
    checksum: hash.digest('hex'),
  };
  refuseStrangers(instances, new Set(categories.keys()));
  return instances;
}

async function* passing(source: JsonSource, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of await source.open()) {
    see(chunk);
    yield chunk;
  }
}

function imageOf(fields: Fields, id: CocoImageId, name: string): CocoImage {
  return {
    id,
    size: fields.height === undefined && fields.width === undefined ? undefined : sizeOf(fields, name),
    fileName: fields.file_name === undefined ? undefined : text(fields, 'file_name', name),
  };
}

function sizeOf(fields: Fields, name: string): CocoImageSize {
  const height = wholeNumber(fields, 'height', name);
  const width = wholeNumber(fields, 'width', name);
  if (height < 1 || width < 1 || height * width > maxPixels) {
    throw new UserError(`${name}: ${height}x${width} (height x width) is no size of a picture`);
  }
  return { height, width };
}

function annotationOf(fields: Fields, id: number, masks: boolean, path: string): CocoAnnotation {
  const image = imageId(fields, 'image_id', `${path}: annotation ${id}`);
  const name = `${path}: annotation ${id} (image ${image})`;
  if (fields.bbox === undefined || fields.category_id === undefined) {
    const instead = ['caption', 'segments_info'].find((key) => fields[key] !== undefined);
    throw new UserError(
      `${name}: no bbox and category_id${instead === undefined ? '' : ` but "${instead}"`}; expected a file of ` +
        'instances, such as instances_val2017.json',
    );
  }
  const { iscrowd = 0 } = fields;
  if (iscrowd !== 0 && iscrowd !== 1 && typeof iscrowd !== 'boolean') {
    throw new UserError(`${name}: iscrowd is ${shown(iscrowd)}, expected 0 or 1`);
  }
  const area = finiteNumber(fields, 'area', name);
  if (area < 0) throw new UserError(`${name}: area is ${area}, expected a number of pixels`);
  return {
    id,
    image,
    category: wholeNumber(fields, 'category_id', name),
    box: box(fields.bbox, name),
    area,
    crowd: Boolean(iscrowd),
    segmentation: masks ? segmentation(fields.segmentation, name) : undefined,
  };
}

function refuseTooMany(path: string, list: List, index: number): void {
  if (index < mostEntries[list]) return;
  throw new UserError(`${path}: more than ${mostEntries[list]} ${list}; split the file`);
}

function refuseTwice(known: boolean, name: string): void {
  if (known) throw new UserError(`${name}: its id occurs twice; remove or renumber one`);
}

function refuseEmpty(path: string, list: List, count: number): void {
  if (count > 0) return;
  throw new UserError(
    `${path}: no "${list}" in it; expected a file of instances, such as instances_val2017.json`,
  );
}

/** pycocotools makes all of them texts then, and finds none of the objects. */
function refuseMixed(path: string, ids: Iterable<CocoImageId>): void {
  const all = [...ids];
  const number = all.find((id) => typeof id === 'number');
  const text = all.find((id) => typeof id === 'string');
  if (number === undefined || text === undefined) return;
  throw new UserError(
    `${path}: image ids are numbers (${number}) and texts (${shown(text)}); write all of them in one way`,
  );
}

function refuseStrangers(
  { path, images, annotations }: CocoInstances,
  categories: ReadonlySet<number>,
): void {
  for (const [image, ofImage] of annotations) {
    const known = images.has(image);
    for (const { id, category } of ofImage) {
      const stranger = known ? `category ${category}` : `image ${image}`;
      if (known && categories.has(category)) continue;
      throw new UserError(`${path}: annotation ${id} is of ${stranger}, which the file does not list`);
    }
  }
}
