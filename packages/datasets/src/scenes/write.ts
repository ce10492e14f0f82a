/**
 * A folder of scenes in the layouts of ADE20K and of COCO at once:
 *
 *     classes.txt                              names of the label maps' classes, that of label 1 first
 *     images/<split>/<split>_00000001.png      pictures, of both
 *     annotations/<split>/<split>_00000001.png label maps
 *     annotations/instances_<split>.json       boxes and instance masks
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { classesFile } from '../ade20k/open.ts';
import { encodeLabelMap, encodePng } from '../codec.ts';
import type { ImageDataset } from '../dataset.ts';
import { makeScene, type Scene, type SceneObject, sceneSide } from './scene.ts';

/** As ADE20K calls them: made of the source's training images, and of its test images. */
export type SceneSplit = 'training' | 'validation';

export interface ScenesRequest {
  readonly split: SceneSplit;
  /** Fashion-MNIST's images of that split. */
  readonly source: ImageDataset;
  readonly count: number;
  readonly seed: number;
  /** Told after every scene. */
  readonly made?: (count: number) => void;
}

/** The scenes that ship with the project, 24 to test on and 16 to train on; datasets/fashion-scenes has their card. */
export const fashionScenesDir = fileURLToPath(
  new URL('../../../../datasets/fashion-scenes/testdata', import.meta.url),
);

/** What the label maps call the pixels that belong to no article; their last class. */
export const sceneBackground = 'background';

/**
 * Writes one split into a folder, whatever others are there. The same source, seed and count give the same scenes, and
 * more of them begin with the fewer.
 *
 * @returns SHA-256, hex, of all pixels, labels and instance masks: what the PNG encoder does is no part of it
 */
export async function writeScenes(
  out: string,
  { split, source, count, seed, made = () => {} }: ScenesRequest,
): Promise<string> {
  const images = join(out, 'images', split);
  const maps = join(out, 'annotations', split);
  for (const folder of [images, maps]) mkdirSync(folder, { recursive: true });
  const size = { height: sceneSide, width: sceneSide };
  const instances = new InstanceFile(source.classes);
  const hash = createHash('sha256');
  for (let index = 0; index < count; index++) {
    const scene = await makeScene(source, seed, index);
    const name = `${split}_${String(index + 1).padStart(8, '0')}.png`;
    writeFileSync(join(images, name), await encodePng(scene.picture));
    writeFileSync(join(maps, name), await encodeLabelMap(scene.labels, size));
    instances.add(index + 1, name, scene);
    hashScene(hash, scene);
    made(index + 1);
  }
  const sha256 = hash.digest('hex');
  const description = `scenes of Fashion-MNIST's ${split === 'training' ? 'training' : 'test'} images`;
  const text = instances.text({ description, seed, source: source.checksum, sha256 });
  writeFileSync(join(out, 'annotations', `instances_${split}.json`), text);
  writeFileSync(join(out, classesFile), [...source.classes, sceneBackground, ''].join('\n'));
  return sha256;
}

function hashScene(hash: ReturnType<typeof createHash>, { picture, labels, objects }: Scene): void {
  hash.update(picture.data).update(labels);
  for (const { label, pixels } of objects) hash.update(`${label}:${pixels.join(',')}\n`);
}

/** COCO's `instances_<split>.json`: category ids are the labels of the label maps, classes counted from 1. */
class InstanceFile {
  readonly #classes: readonly string[];
  readonly #images: object[] = [];
  readonly #annotations: object[] = [];

  constructor(classes: readonly string[]) {
    this.#classes = classes;
  }

  add(id: number, file_name: string, { objects }: Scene): void {
    this.#images.push({ id, file_name, height: sceneSide, width: sceneSide });
    for (const { label, pixels } of objects) {
      this.#annotations.push({
        id: this.#annotations.length + 1,
        image_id: id,
        category_id: label + 1,
        bbox: boxOf(pixels),
        area: pixels.length,
        iscrowd: 0,
        segmentation: { size: [sceneSide, sceneSide], counts: runsOf(pixels) },
      });
    }
  }

  text(info: object): string {
    const categories = this.#classes.map((name, label) => ({ id: label + 1, name }));
    const all = { info, licenses: [], images: this.#images, annotations: this.#annotations, categories };
    return `${JSON.stringify(all)}\n`;
  }
}

/** Left, top, width, height of the pixels. */
export function boxOf(pixels: SceneObject['pixels']): readonly number[] {
  const columns = pixels.map((pixel) => pixel % sceneSide);
  const rows = pixels.map((pixel) => Math.floor(pixel / sceneSide));
  const [left, top] = [Math.min(...columns), Math.min(...rows)];
  return [left, top, Math.max(...columns) - left + 1, Math.max(...rows) - top + 1];
}

/** Runs down the columns, the first of pixels that are not the object's: COCO's uncompressed RLE. */
function runsOf(pixels: SceneObject['pixels']): number[] {
  const filled = new Set(pixels);
  const counts = [0];
  for (let at = 0; at < sceneSide ** 2; at++) {
    const pixel = (at % sceneSide) * sceneSide + Math.floor(at / sceneSide);
    if (filled.has(pixel) !== (counts.length % 2 === 0)) counts.push(0);
    counts[counts.length - 1]++;
  }
  return counts;
}
