/** Scenes: the committed sample is what the generator makes today, and both readers see the same in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAde20k } from '../ade20k/open.ts';
import { type CocoTruth, openCoco } from '../coco/open.ts';
import { decodeImage, encodeLabelMap } from '../codec.ts';
import { fashionMnistClasses, openFashionMnist } from '../fashion-mnist.ts';
import { decodeLabelMap } from '../label-map.ts';
import { sha256, temporaryFolder } from '../test-support/test-data.ts';
import { articleSide, silhouetteOf } from './article.ts';
import { makeScene, type SceneObject, sceneSide } from './scene.ts';
import { boxOf, sceneBackground, writeScenes } from './write.ts';

const folder = fileURLToPath(new URL('../../../../datasets/fashion-scenes', import.meta.url));
const sample = join(folder, 'testdata');
const card = readFileSync(join(folder, 'README.md'), 'utf8');
const counts = { training: 16, validation: 24 } as const;
const classes = [...fashionMnistClasses, sceneBackground];

async function both(split: keyof typeof counts) {
  const [ade, coco] = await Promise.all([
    openAde20k(sample, { split, limits: { long: sceneSide, short: sceneSide } }),
    openCoco(sample, { split, classes: fashionMnistClasses }),
  ]);
  onTestFinished(async () => void (await Promise.all([ade.close(), coco.close()])));
  return { ade, coco };
}

/** The pixels of an uncompressed RLE, rising, row by row. */
function pixelsOf({ annotations }: CocoTruth, object: number): number[] {
  const { counts: runs } = annotations[object].segmentation as { counts: readonly number[] };
  const pixels: number[] = [];
  let at = 0;
  for (const [run, length] of runs.entries()) {
    for (const end = at + length; at < end; at++) {
      if (run % 2 === 1) pixels.push((at % sceneSide) * sceneSide + Math.floor(at / sceneSide));
    }
  }
  expect(at).toBe(sceneSide ** 2);
  return pixels.sort((a, b) => a - b);
}

describe('the committed sample', () => {
  it('is what the embedded test images and its seed give, with the checksum of the card', async () => {
    const out = temporaryFolder();
    const source = await openFashionMnist();
    const contents = await writeScenes(out, { split: 'validation', source, count: 24, seed: 0 });
    expect(card).toContain(contents);
    const instances = 'annotations/instances_validation.json';
    expect(readFileSync(join(out, instances), 'utf8')).toBe(readFileSync(join(sample, instances), 'utf8'));
    for (const kind of ['images', 'annotations']) {
      const names = readdirSync(join(sample, kind, 'validation'));
      expect(readdirSync(join(out, kind, 'validation'))).toEqual(names);
      for (const name of names) {
        const read = (root: string) => readFileSync(join(root, kind, 'validation', name));
        const pixels = (root: string) =>
          kind === 'images' ? decodeImage(read(root), name) : decodeLabelMap(read(root), name);
        expect(await pixels(out)).toEqual(await pixels(sample));
      }
    }
  });

  it.each(['training', 'validation'] as const)('is whole, in both layouts: %s', async (split) => {
    const { ade, coco } = await both(split);
    expect(ade.classes).toEqual(classes);
    expect(ade.samples.length).toBe(counts[split]);
    expect(coco.samples.length).toBe(counts[split]);
    const { info } = JSON.parse(readFileSync(join(sample, `annotations/instances_${split}.json`), 'utf8'));
    expect(card).toContain(info.sha256);
    const seen = new Set<number>();
    for (const { index } of ade.samples) {
      const { labels, height, width } = await ade.truth(index);
      expect([height, width]).toEqual([sceneSide, sceneSide]);
      // The recipe leaves the picture as it is stored, and COCO's reader sees the same one.
      const picture = await ade.preview(index);
      expect(picture).toEqual(await ade.original(index));
      expect(await coco.original(index)).toEqual(picture);
      const truth = await coco.truth(index);
      const painted = new Uint8Array(sceneSide ** 2).fill(classes.length);
      for (const [object, annotation] of truth.annotations.entries()) {
        const pixels = pixelsOf(truth, object);
        expect(annotation).toMatchObject({ area: pixels.length, box: boxOf(pixels), crowd: false });
        expect(pixels.length).toBeGreaterThanOrEqual(30);
        for (const pixel of pixels) {
          // Masks are of visible pixels: no two share one.
          expect(painted[pixel]).toBe(classes.length);
          painted[pixel] = annotation.category;
        }
      }
      expect(labels).toEqual(painted);
      for (const label of labels) seen.add(label);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(classes.map((_, at) => at + 1));
  });
});

describe('makeScene', async () => {
  const source = await openFashionMnist();
  const covered = (objects: readonly SceneObject[]) => objects.map(({ pixels }) => pixels.length);

  it('follows from seed and index alone', async () => {
    const scene = await makeScene(source, 5, 3);
    expect(await makeScene(source, 5, 3)).toEqual(scene);
    for (const other of [await makeScene(source, 6, 3), await makeScene(source, 5, 4)]) {
      expect(other.picture).not.toEqual(scene.picture);
    }
  });

  it('shows several articles at different scales, some in front of others', async () => {
    const scenes = await Promise.all(Array.from({ length: 40 }, (_, index) => makeScene(source, 1, index)));
    const sizes = scenes.flatMap(({ objects }) => covered(objects));
    expect(sizes.length / scenes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeGreaterThan(10 * Math.min(...sizes));
    const touching = scenes.filter(({ labels }) =>
      labels.some((label, pixel) => {
        const next = labels[pixel + 1];
        const inside = pixel % sceneSide < sceneSide - 1;
        return inside && label !== next && label < classes.length && next < classes.length;
      }),
    );
    expect(touching.length).toBeGreaterThan(scenes.length / 2);
  });
});

describe('silhouetteOf', () => {
  const drawn = (paint: (row: number, column: number) => number) =>
    Uint8Array.from({ length: articleSide ** 2 }, (_, at) =>
      paint(Math.floor(at / articleSide), at % articleSide),
    );
  const isInside = (row: number, column: number, first: number, last: number) =>
    row >= first && row <= last && column >= first && column <= last;

  it('fills small holes, keeps large ones, and drops faint levels and scraps', () => {
    const grey = drawn((row, column) => {
      if (isInside(row, column, 8, 10)) return 0;
      if (isInside(row, column, 14, 18)) return 0;
      if (isInside(row, column, 5, 22)) return 200;
      if (row === 1 && column < 5) return 200;
      return row === 25 ? 11 : 0;
    });
    const wanted = drawn((row, column) =>
      Number(isInside(row, column, 5, 22) && !isInside(row, column, 14, 18)),
    );
    expect(silhouetteOf(grey)).toEqual(wanted);
  });
});

it('the card has the checksum of the model beside the scenes', () => {
  expect(card).toContain(sha256(readFileSync(join(folder, 'upernet-nano.safetensors'))));
});

it('label maps come back as they were written', async () => {
  const labels = Uint8Array.from({ length: 6 }, (_, at) => 50 * at);
  const bytes = await encodeLabelMap(labels, { height: 2, width: 3 });
  expect(decodeLabelMap(bytes, 'map.png')).toEqual({ height: 2, width: 3, labels });
});
