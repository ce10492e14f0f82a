/**
 * Fuzz target: `vssm score coco`, from the two files to the figures. A list is taken for the detections, anything
 * else for the annotations; the other file is sound. Boxes and masks are scored in turn.
 */
import { writeFileSync } from 'node:fs';
import { UserError } from '@vssm/core';
import { scoreCoco } from './coco.ts';

const square = { size: [20, 30], counts: [65, 6, 14, 6, 14, 6, 489] };
const annotations = {
  images: [
    { id: 7, height: 20, width: 30 },
    { id: 9, height: 12, width: 8 },
  ],
  annotations: [
    {
      id: 1,
      image_id: 7,
      category_id: 1,
      bbox: [3, 5, 3, 6],
      area: 18,
      iscrowd: 0,
      segmentation: [[3, 5, 6, 5, 6, 11, 3, 11]],
    },
    { id: 2, image_id: 7, category_id: 2, bbox: [3, 5, 3, 6], area: 18, iscrowd: 1, segmentation: square },
    {
      id: 3,
      image_id: 9,
      category_id: 1,
      bbox: [1, 1, 5.5, 8.25],
      area: 45.4,
      iscrowd: 0,
      segmentation: [[1, 1, 6.5, 1, 6.5, 9.25, 1, 9.25]],
    },
  ],
  categories: [
    { id: 1, name: 'cat' },
    { id: 2, name: 'dog' },
  ],
};
const detections = [
  { image_id: 7, category_id: 1, bbox: [3, 5, 3, 5], score: 0.9, segmentation: square },
  { image_id: 7, category_id: 2, bbox: [2, 5, 4, 6], score: 0.5, segmentation: square },
  {
    image_id: 9,
    category_id: 1,
    bbox: [1, 1, 5, 8],
    score: 0.25,
    segmentation: [[1, 1, 6, 1, 6, 9, 1, 9]],
  },
];

export const seeds = {
  annotations: Buffer.from(JSON.stringify(annotations)),
  detections: Buffer.from(JSON.stringify(detections)),
};

export const words = [
  ',',
  ':',
  '[',
  ']',
  '"iscrowd":1,',
  '"counts":"',
  '"size":[1,600],',
  '"id":"7",',
  '"image_id":"7",',
  '1e8',
  '2147483647',
];

export async function read({ bytes, path }: { bytes: Buffer; path: string }): Promise<void> {
  const sound = `${path}.sound`;
  const isList = bytes[0] === 0x5b;
  writeFileSync(sound, isList ? seeds.annotations : seeds.detections);
  const files = isList ? { annotations: sound, detections: path } : { annotations: path, detections: sound };
  const refusals: UserError[] = [];
  for (const type of ['bbox', 'segm'] as const) {
    try {
      await scoreCoco({ ...files, type });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusals.push(error);
    }
  }
  if (refusals.length > 0) throw refusals[0];
}
