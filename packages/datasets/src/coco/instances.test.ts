import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { sha256, temporaryFolder } from '../test-support/test-data.ts';
import { readDetections } from './detections.ts';
import { readInstances } from './instances.ts';
import { jsonFile } from './json-entries.ts';
import { cocoSampleDir } from './open.ts';

const image = { id: 139, height: 10, width: 20, file_name: 'a.jpg' };
const annotation = { id: 7, image_id: 139, category_id: 3, bbox: [1, 2, 3, 4], area: 12, iscrowd: 0 };
const polygon = [1, 2, 4, 2, 4, 6];

type Entry = Readonly<Record<string, unknown>>;

function fileOf(name: string, content: unknown): string {
  return join(temporaryFolder({ [name]: JSON.stringify(content) }), name);
}

function truthFile(more: { images?: Entry[]; annotations?: Entry[]; categories?: Entry[] } = {}): string {
  return fileOf('gt.json', {
    annotations: [annotation],
    images: [image],
    categories: [{ id: 3, name: 'car' }],
    ...more,
  });
}

describe('readInstances', () => {
  it('reads the sample, with or without masks', async () => {
    const path = join(cocoSampleDir, 'annotations/instances_val2017.json');
    const { images, categories, annotations, checksum } = await readInstances(jsonFile(path), true);
    expect([...images.keys()]).toEqual([100, 200, 300, 400]);
    expect(images.get(200)).toEqual({
      id: 200,
      size: { height: 80, width: 64 },
      fileName: '000000000200.png',
    });
    expect(categories).toHaveLength(80);
    expect(categories[79]).toEqual({ id: 90, name: 'toothbrush' });
    const raw = JSON.parse(readFileSync(path, 'utf8')).annotations as (typeof annotation)[];
    expect([...annotations.values()].flat().map(({ id }) => id)).toEqual(raw.map(({ id }) => id));
    expect(annotations.get(200)![0]).toMatchObject({ crowd: true, segmentation: { size: [80, 64] } });
    expect(checksum).toBe(sha256(readFileSync(path)));
    const plain = await readInstances(jsonFile(path), false);
    expect([...plain.annotations.values()].flat().every((one) => one.segmentation === undefined)).toBe(true);
  });

  it('does not depend on the order of the lists', async () => {
    const { annotations } = await readInstances(jsonFile(truthFile()), false);
    expect(annotations.get(139)).toEqual([
      { id: 7, image: 139, category: 3, box: [1, 2, 3, 4], area: 12, crowd: false, segmentation: undefined },
    ]);
  });

  const other = (more: Entry) => ({ annotations: [{ ...annotation, ...more }] });
  it.each([
    [
      'captions',
      other({ bbox: undefined, caption: 'a car' }),
      'annotation 7 (image 139): no bbox and category_id but "caption"',
    ],
    ['panoptic segments', other({ category_id: undefined, segments_info: [] }), 'but "segments_info"'],
    ['no categories', { categories: [] }, 'no "categories" in it'],
    ['no images', { images: [] }, 'no "images" in it'],
    ['an unknown image', other({ image_id: 5 }), 'annotation 7 is of image 5, which the file does not list'],
    ['an unknown category', other({ category_id: 5 }), 'annotation 7 is of category 5'],
    [
      'a negative box',
      other({ bbox: [1, 2, -3, 4] }),
      'annotation 7 (image 139): bbox is [1,2,-3,4], with a negative side',
    ],
    ['half a box', other({ bbox: [1, 2] }), 'bbox is [1,2], expected four'],
    ['no area', other({ area: undefined }), 'area is missing'],
    ['an area below zero', other({ area: -1 }), 'area is -1'],
    ['a strange crowd', other({ iscrowd: 'yes' }), 'iscrowd is "yes"'],
    ['an id in words', other({ id: 'seven' }), 'annotations[0]: id is "seven"'],
    ['an id twice', { annotations: [annotation, annotation] }, 'annotation 7: its id occurs twice'],
    ['an image twice', { images: [image, image] }, 'image 139: its id occurs twice'],
    [
      'an image of no size',
      { images: [{ ...image, width: 0 }] },
      'image 139: 10x0 (height x width) is no size',
    ],
    [
      'ids of two kinds',
      { images: [image, { ...image, id: 'b' }] },
      'image ids are numbers (139) and texts ("b"); write all of them in one way',
    ],
    [
      'an id that is neither',
      { images: [{ ...image, id: null }] },
      'images[0]: id is null, expected a whole number or a text',
    ],
    ['half a size', { images: [{ ...image, width: undefined }] }, 'image 139: width is missing'],
    ['an absurd image', { images: [{ ...image, width: 1e9 }] }, 'image 139: 10x1000000000'],
    ['a category without name', { categories: [{ id: 3 }] }, 'category 3: name is missing'],
    ['a list of numbers', { images: [5] as unknown as Entry[] }, 'images[0]: is 5, not an object'],
  ])('refuses %s', async (_, more, message) => {
    const path = truthFile(more);
    await expect(readInstances(jsonFile(path), false)).rejects.toThrow(UserError);
    await expect(readInstances(jsonFile(path), false)).rejects.toThrow(`${path}: `);
    await expect(readInstances(jsonFile(path), false)).rejects.toThrow(message);
  });

  it.each([
    [undefined, 'segmentation: is null'],
    [[['1', 2]], 'a polygon is ["1",2]'],
    [[7], 'a polygon is 7'],
    [{ size: [10, 20] }, 'segmentation has size [10,20] and counts missing'],
    [{ counts: 'abc' }, 'segmentation has size missing'],
  ])('refuses the segmentation %j', async (segmentation, message) => {
    const path = truthFile(other({ segmentation }));
    await expect(readInstances(jsonFile(path), true)).rejects.toThrow(`annotation 7 (image 139): ${message}`);
    await expect(readInstances(jsonFile(path), false)).resolves.toBeDefined();
  });
});

const detection = { image_id: 139, category_id: 3, bbox: [1, 2, 3, 4], score: 0.5, segmentation: [polygon] };

async function detect(entries: unknown, masks = false) {
  const truth = await readInstances(jsonFile(truthFile()), false);
  const path = fileOf('det.json', entries);
  return { path, read: () => readDetections(jsonFile(path), truth, { masks, allOrNone: !masks }) };
}

describe('readDetections', () => {
  it('keeps what is needed, by image', async () => {
    const boxes = await (await detect([detection, { ...detection, score: 2 }])).read();
    expect(boxes).toMatchObject({ count: 2 });
    expect(boxes.byImage.get(139)![1]).toEqual({
      index: 1,
      category: 3,
      score: 2,
      box: [1, 2, 3, 4],
      segmentation: undefined,
    });
    const masks = await (await detect([{ ...detection, bbox: [] }], true)).read();
    expect(masks.byImage.get(139)![0]).toMatchObject({
      box: undefined,
      segmentation: [Float64Array.from(polygon)],
    });
    expect(await (await detect([])).read()).toMatchObject({ count: 0 });
  });

  const other = (more: Entry) => [detection, { ...detection, ...more }];
  it.each([
    ['an unknown image', other({ image_id: 140 }), 'detection 1 (image 140): no image 140 in'],
    ['an id as a text', other({ image_id: '139' }), 'no image 139 in'],
    ['an id as a text, and says so', other({ image_id: '139' }), '; its ids are numbers, and this is a text'],
    ['an unknown category', other({ category_id: 0 }), 'detection 1 (image 139): no category 0 in'],
    [
      'a negative box',
      other({ bbox: [1, 2, 3, -4] }),
      'detection 1 (image 139): bbox is [1,2,3,-4], with a negative',
    ],
    ['a null in a box', other({ bbox: [1, null, 3, 4] }), 'detection 1 (image 139): bbox is [1,null,3,4]'],
    ['no score', other({ score: undefined }), 'detection 1 (image 139): score is missing'],
    ['a score in words', other({ score: '0.5' }), 'score is "0.5"'],
    ['no image', other({ image_id: undefined }), 'detection 1: image_id is missing'],
    ['boxes now and then', other({ bbox: undefined }), 'detection 1 (image 139): no bbox, unlike the first'],
    [
      'nothing at all',
      [{ ...detection, bbox: undefined, segmentation: undefined }],
      'no segmentation; nor bbox',
    ],
    ['an annotation file', { annotations: [annotation] }, 'the file is not a list'],
    ['a list of numbers', [1, 2], 'detection 0: is 1, not an object'],
  ])('refuses %s', async (_, entries, message) => {
    const { path, read } = await detect(entries);
    await expect(read()).rejects.toThrow(UserError);
    await expect(read()).rejects.toThrow(`${path}: `);
    await expect(read()).rejects.toThrow(message);
  });

  it.each([
    ['NaN', 'holds NaN, which is not a number in JSON, after 1 entries (image_id 139)'],
    ['1e999', 'detection 1 (image 139): bbox is ["Infinity",2,3,4]'],
  ])('refuses %s in a box', async (written, message) => {
    const truth = await readInstances(jsonFile(truthFile()), false);
    const content = JSON.stringify([detection, { ...detection, bbox: ['X', 2, 3, 4] }]).replace(
      '"X"',
      written,
    );
    const path = join(temporaryFolder({ 'det.json': content }), 'det.json');
    await expect(readDetections(jsonFile(path), truth, { masks: false, allOrNone: true })).rejects.toThrow(
      `${path}: ${message}`,
    );
  });

  it('refuses a box without mask where masks are scored', async () => {
    const { read } = await detect([{ ...detection, segmentation: undefined }], true);
    await expect(read()).rejects.toThrow(
      'detection 0 (image 139): no segmentation; only its box can be scored',
    );
  });
});
