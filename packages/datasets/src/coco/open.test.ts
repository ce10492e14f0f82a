import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../test-support/test-data.ts';
import { zipOf } from '../test-support/zip.ts';
import { cocoClasses } from './classes.ts';
import { type CocoDataset, type CocoOptions, cocoSampleDir, openCoco } from './open.ts';

const annotations = 'annotations/instances_val2017.json';

async function opened(dir: string, options: CocoOptions = {}): Promise<CocoDataset> {
  const dataset = await openCoco(dir, options);
  onTestFinished(() => dataset.close());
  return dataset;
}

function copy(): string {
  const dir = temporaryFolder();
  cpSync(cocoSampleDir, dir, { recursive: true });
  return dir;
}

/** The sample as COCO is downloaded: two archives. */
function packed(): string {
  const dir = copy();
  const names = readdirSync(join(dir, 'val2017'));
  const images = Object.fromEntries(
    names.map((name) => [`val2017/${name}`, readFileSync(join(dir, 'val2017', name))]),
  );
  writeFileSync(join(dir, 'val2017.zip'), zipOf(images));
  const json = readFileSync(join(dir, annotations));
  writeFileSync(
    join(dir, 'annotations_trainval2017.zip'),
    zipOf({ [annotations]: json }, { deflated: true }),
  );
  rmSync(join(dir, 'val2017'), { recursive: true });
  rmSync(join(dir, 'annotations'), { recursive: true });
  return dir;
}

describe('openCoco', () => {
  it('opens files whose ids are texts, in the order of texts', async () => {
    const dir = copy();
    const truth = JSON.parse(readFileSync(join(dir, annotations), 'utf8'));
    const renamed = (id: number) => (id === 100 ? '9' : `${id}`);
    for (const image of truth.images) image.id = renamed(image.id);
    for (const annotation of truth.annotations) annotation.image_id = renamed(annotation.image_id);
    writeFileSync(join(dir, annotations), JSON.stringify(truth));
    const coco = await opened(dir);
    expect(coco.samples.map(({ id }) => id)).toEqual(['200', '300', '400', '9']);
    expect((await coco.truth(0)).image.id).toBe('200');
    truth.images[0].height = undefined;
    truth.images[0].width = undefined;
    writeFileSync(join(dir, annotations), JSON.stringify(truth));
    await expect(openCoco(dir)).rejects.toThrow('has no height and width');
  });

  it('opens the sample', async () => {
    const coco = await opened(cocoSampleDir);
    expect(coco.samples.map(({ id }) => id)).toEqual(['100', '200', '300', '400']);
    expect(coco.classes).toBe(cocoClasses);
    expect(new Set(coco.classes).size).toBe(80);
    expect([coco.categoryIds[0], coco.categoryIds[79]]).toEqual([1, 90]);
    const { image, annotations } = await coco.truth(1);
    expect(image).toMatchObject({ id: 200, height: 80, width: 64 });
    expect(annotations[0]).toMatchObject({ image: 200, crowd: true });
    expect(await coco.load(0)).toMatchObject({
      height: 800,
      width: 1088,
      scaled: { height: 800, width: 1067 },
      original: { height: 72, width: 96 },
    });
    const small = await opened(cocoSampleDir, { limits: { long: 48, short: 48 } });
    expect(await small.preview(0)).toMatchObject({ height: 36, width: 48 });
  });

  it('is the same from the archives, from images/, and from the folder', async () => {
    const folder = await opened(cocoSampleDir);
    const moved = copy();
    cpSync(join(moved, 'val2017'), join(moved, 'images/val2017'), { recursive: true });
    rmSync(join(moved, 'val2017'), { recursive: true });
    for (const dir of [packed(), moved]) {
      const other = await opened(dir);
      expect(other.checksum).toBe(folder.checksum);
      expect(other.samples).toEqual(folder.samples);
      expect(await other.original(2)).toEqual(await folder.original(2));
      expect(await other.truth(2)).toEqual(await folder.truth(2));
    }
  });

  it('finds images whose names in the file were written on Windows', async () => {
    const dir = copy();
    cpSync(join(cocoSampleDir, 'val2017'), join(dir, 'val2017/part'), { recursive: true });
    const text = readFileSync(join(dir, annotations), 'utf8');
    writeFileSync(join(dir, annotations), text.replaceAll('"file_name":"', '"file_name":"part\\\\'));
    expect(await (await opened(dir)).original(2)).toEqual(await (await opened(cocoSampleDir)).original(2));
  });

  it.each([
    ['fewer classes', cocoClasses.slice(1), 'category 1 "person" is not asked for'],
    ['other classes', [...cocoClasses.slice(1), 'dragon'], '"dragon" is missing'],
  ])('refuses %s than the file has', async (_, classes, message) => {
    await expect(openCoco(cocoSampleDir, { classes })).rejects.toThrow(UserError);
    await expect(openCoco(cocoSampleDir, { classes })).rejects.toThrow(
      `80 categories, not the ${classes.length} classes asked for`,
    );
    await expect(openCoco(cocoSampleDir, { classes })).rejects.toThrow(message);
  });

  it('takes classes in the order asked for', async () => {
    const { categoryIds } = await opened(cocoSampleDir, { classes: cocoClasses.toReversed() });
    expect([categoryIds[0], categoryIds[79]]).toEqual([90, 1]);
  });

  it('names what is missing', async () => {
    const dir = copy();
    rmSync(join(dir, 'val2017/000000000300.png'));
    await expect(openCoco(dir)).rejects.toThrow(
      `${join(dir, 'val2017')}: 1 of the 4 images that ${join(dir, annotations)} lists are missing, first 000000000300.png`,
    );
    renameSync(join(dir, 'val2017'), join(dir, 'test2017'));
    await expect(openCoco(dir)).rejects.toThrow('no images; expected val2017/');
    rmSync(join(dir, 'annotations'), { recursive: true });
    await expect(openCoco(dir)).rejects.toThrow('neither annotations/instances_val2017.json nor');
    await expect(openCoco(dir, { split: '../x' })).rejects.toThrow('split "../x"');
  });

  it('follows no name out of the folder', async () => {
    const dir = copy();
    const path = join(dir, annotations);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('000000000100.png', '../val2017/000000000100.png'),
    );
    await expect(openCoco(dir)).rejects.toThrow('first ../val2017/000000000100.png');
  });

  it('refuses a picture of another size than annotated, and a damaged archive', async () => {
    const dir = copy();
    cpSync(join(dir, 'val2017/000000000200.png'), join(dir, 'val2017/000000000100.png'));
    const coco = await opened(dir);
    await expect(coco.load(0)).rejects.toThrow('000000000100.png: 80x64, but');
    const archives = packed();
    writeFileSync(join(archives, 'val2017.zip'), 'no zip');
    await expect(openCoco(archives)).rejects.toThrow(
      `archive ${join(archives, 'val2017.zip')}: cannot be read`,
    );
  });
});
