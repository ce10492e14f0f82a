/**
 * Writes the made-up samples of COCO and ADE20K, `datasets/{coco,ade20k}/testdata`: a few tiny pictures of coloured shapes, in the
 * layouts of the real ones, so that tests and smoke runs need no download. Nothing measured on them means anything.
 *
 *     node packages/datasets/make-samples.ts
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { adeClasses } from './src/ade20k/classes.ts';
import { cocoClasses } from './src/coco/classes.ts';
import { encodePng } from './src/codec.ts';
import { labelPng } from './src/test-support/label-png.ts';

const root = join(import.meta.dirname, '../../datasets');
/** Width, height. */
const sizes = [
  [96, 72],
  [64, 80],
  [100, 61],
  [75, 75],
] as const;

/** The numbers between 1 and 90 that no class has. */
const unused = [12, 26, 29, 30, 45, 66, 68, 69, 71, 83];
const categoryIds = Array.from({ length: 90 }, (_, at) => at + 1).filter((id) => !unused.includes(id));

let state = 1;
/** Whole numbers below `limit` (Lehmer, modulus 2^31 - 1). */
function random(limit: number): number {
  state = (state * 48_271) % 2_147_483_647;
  return state % limit;
}

interface Shape {
  /** x, y, x, y, … */
  readonly corners: readonly number[];
  readonly colour: readonly [number, number, number];
}

function shape(width: number, height: number): Shape {
  const x = 15 + random(width - 30);
  const y = 15 + random(height - 30);
  const count = 4 + random(5);
  const corners = Array.from({ length: count }, (_, at) => {
    const reach = 6 + random(9);
    const angle = (2 * Math.PI * at) / count;
    return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)].map(
      (value) => Math.round(value * 100) / 100,
    );
  }).flat();
  return { corners, colour: [random(256), random(256), random(256)] };
}

/** Pixels whose middle lies inside, row by row (even-odd rule). */
function pixelsOf({ corners }: Shape, width: number, height: number): number[] {
  const inside: number[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let odd = false;
      for (let at = 0; at < corners.length; at += 2) {
        const next = (at + 2) % corners.length;
        const [x1, y1, x2, y2] = [corners[at], corners[at + 1], corners[next], corners[next + 1]];
        const y = row + 0.5;
        if (y1 > y !== y2 > y && column + 0.5 < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) odd = !odd;
      }
      if (odd) inside.push(row * width + column);
    }
  }
  return inside;
}

function picture(shapes: readonly Shape[], width: number, height: number) {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const grey = 90 + Math.floor((80 * (pixel % width)) / width) + random(12);
    data.set([grey, grey + 10, grey + 20], pixel * 3);
  }
  for (const drawn of shapes) {
    for (const pixel of pixelsOf(drawn, width, height)) data.set(drawn.colour, pixel * 3);
  }
  return encodePng({ width, height, data });
}

/** Runs down the columns, background first. */
function runs(pixels: readonly number[], width: number, height: number): number[] {
  const filled = new Set(pixels);
  const counts = [0];
  for (let at = 0; at < width * height; at++) {
    const pixel = (at % height) * width + Math.floor(at / height);
    if (filled.has(pixel) !== (counts.length % 2 === 0)) counts.push(0);
    counts[counts.length - 1]++;
  }
  return counts;
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

async function writeCoco(folder: string): Promise<void> {
  const images: object[] = [];
  const annotations: object[] = [];
  for (const [index, [width, height]] of sizes.entries()) {
    const image = 100 * (index + 1);
    const file_name = `${String(image).padStart(12, '0')}.png`;
    const shapes = Array.from({ length: 2 + random(3) }, () => shape(width, height));
    write(join(folder, 'val2017', file_name), await picture(shapes, width, height));
    images.push({ id: image, width, height, file_name });
    for (const [place, drawn] of shapes.entries()) {
      const pixels = pixelsOf(drawn, width, height);
      const xs = drawn.corners.filter((_, at) => at % 2 === 0);
      const ys = drawn.corners.filter((_, at) => at % 2 === 1);
      const [left, top] = [Math.min(...xs), Math.min(...ys)];
      const bbox = [left, top, Math.max(...xs) - left, Math.max(...ys) - top].map(
        (v) => Math.round(v * 100) / 100,
      );
      const crowd = index === 1 && place === 0;
      annotations.push({
        id: annotations.length + 1,
        image_id: image,
        category_id: categoryIds[random(categoryIds.length)],
        bbox,
        area: pixels.length,
        iscrowd: crowd ? 1 : 0,
        segmentation: crowd
          ? { size: [height, width], counts: runs(pixels, width, height) }
          : [drawn.corners],
      });
    }
  }
  const info = { description: 'made-up shapes in the form of COCO 2017; not COCO', version: 'sample' };
  const categories = cocoClasses.map((name, at) => ({ id: categoryIds[at], name }));
  const json = JSON.stringify({ info, licenses: [], images, annotations, categories });
  write(join(folder, 'annotations/instances_val2017.json'), `${json}\n`);
}

async function writeAde(folder: string): Promise<void> {
  for (const [index, [width, height]] of sizes.entries()) {
    const name = `ADE_val_${String(index + 1).padStart(8, '0')}.png`;
    const shapes = Array.from({ length: 3 }, () => shape(width, height));
    // The upper half is class 1, the lower one unlabelled; shapes are anything.
    const labels = Uint8Array.from({ length: width * height }, (_, pixel) =>
      2 * pixel < width * height ? 1 : 0,
    );
    for (const drawn of shapes) {
      const label = 1 + random(adeClasses.length);
      for (const pixel of pixelsOf(drawn, width, height)) labels[pixel] = label;
    }
    write(join(folder, 'images/validation', name), await picture(shapes, width, height));
    write(join(folder, 'annotations/validation', name), labelPng(labels, height, width));
  }
}

for (const name of ['coco', 'ade20k']) rmSync(join(root, name, 'testdata'), { recursive: true, force: true });
await writeCoco(join(root, 'coco/testdata'));
await writeAde(join(root, 'ade20k/testdata/ADEChallengeData2016'));
