/** Fuzz target: COCO's annotation files, and result files held against a sound annotation file. */
import { writeFileSync } from 'node:fs';
import { readDetections } from './detections.ts';
import { readInstances } from './instances.ts';
import { jsonFile } from './json-entries.ts';

const annotations = {
  info: { year: 2017 },
  images: [
    { id: 139, height: 426, width: 640, file_name: '000000000139.jpg' },
    { id: 285, height: 640, width: 586, file_name: '000000000285.jpg' },
  ],
  annotations: [
    {
      id: 1,
      image_id: 139,
      category_id: 1,
      bbox: [236.98, 142.51, 24.7, 69.5],
      area: 531.8,
      iscrowd: 0,
      segmentation: [[240.8, 211.3, 240.1, 172.9, 245.2, 190.1]],
    },
    {
      id: 2,
      image_id: 285,
      category_id: 90,
      bbox: [1, 2, 3, 4],
      area: 12,
      iscrowd: 1,
      segmentation: { size: [640, 586], counts: [0, 375040] },
    },
  ],
  categories: [
    { id: 1, name: 'person' },
    { id: 90, name: 'toothbrush' },
  ],
};
const detections = [
  {
    image_id: 139,
    category_id: 1,
    bbox: [236, 142, 24, 69],
    score: 0.9,
    segmentation: [[240.8, 211.3, 240.1, 172.9, 245.2, 190.1]],
  },
  {
    image_id: 285,
    category_id: 90,
    bbox: [1, 2, 3, 4],
    score: 0.25,
    segmentation: { size: [640, 586], counts: '0PPYo2' },
  },
];

export const seeds = {
  annotations: Buffer.from(JSON.stringify(annotations)),
  'text ids, no sizes': Buffer.from(
    JSON.stringify({
      ...annotations,
      images: [{ id: 'a', file_name: 'a.jpg' }, { id: 'b' }],
      annotations: [{ ...annotations.annotations[0], image_id: 'b' }],
    }),
  ),
  detections: Buffer.from(JSON.stringify(detections)),
};

export const words = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"images":[',
  '"__proto__":{},',
  '\\ud800',
  'null',
  '"id":1,',
  '\ufeff',
];

export async function read({ bytes, path }: { bytes: Buffer; path: string }): Promise<void> {
  // A list is read as detections, whatever it holds.
  if (bytes[0] !== 0x5b) {
    await readInstances(jsonFile(path), true);
    return;
  }
  const sound = `${path}.annotations`;
  writeFileSync(sound, seeds.annotations);
  await readDetections(jsonFile(path), await readInstances(jsonFile(sound), true), {
    masks: true,
    allOrNone: false,
  });
}
