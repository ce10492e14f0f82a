import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors, writeSafetensors } from '@vssm/checkpoints';
import { type NamedTensors, type Tensor, UserError } from '@vssm/core';
import { ade20kSampleDir } from '@vssm/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from '../test-support/vssm.ts';
import { scoreCoco } from './coco.ts';
import { scoreMiou } from './miou.ts';

const testdata = fileURLToPath(new URL('../../../metrics/testdata', import.meta.url));
const truthPath = join(testdata, 'coco/gt.json');
const detectionsPath = join(testdata, 'coco/detections.json');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-score-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const vssm = vssmIn();

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

describe('vssm score coco', () => {
  it.each(['bbox', 'segm'])('prints the golden figures, %s', async (type) => {
    const { code, stdout } = await vssm(
      ...[
        'score',
        'coco',
        '--annotations',
        truthPath,
        '--detections',
        detectionsPath,
        '--type',
        type,
        '--json',
      ],
    );
    expect(code).toBe(0);
    const { per_category_AP: found, ...figures } = JSON.parse(stdout);
    const { per_category_AP: wanted, ...expected } = json(join(testdata, 'coco/expected.json'))[type];
    expect(Object.keys(figures)).toEqual(Object.keys(expected));
    expect(Object.keys(found)).toEqual(Object.keys(wanted));
    // Equal but for the order of float64 sums.
    for (const [name, value] of Object.entries(expected))
      expect(figures[name]).toBeCloseTo(value as number, 11);
    for (const [id, value] of Object.entries(wanted)) expect(found[id]).toBeCloseTo(value as number, 11);
  });

  it('prints for people on stdout without --json', async () => {
    const { stdout, stderr } = await vssm(
      ...['score', 'coco', '--annotations', truthPath, '--detections', detectionsPath],
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^AP +0\.2726$/m);
    expect(stdout).toMatch(/^AP of 13 c4 +0\.2526$/m);
  });

  const others = [
    [
      'an RLE longer than its image',
      { segmentation: { size: [120, 160], counts: [0, 19_201] } },
      'RLE count 1 is 19201',
    ],
    [
      'runs that add up to more',
      { segmentation: { size: [120, 160], counts: [1, 19_200] } },
      'longer than its image: 19201',
    ],
    [
      'an RLE shorter than its image',
      { segmentation: { size: [120, 160], counts: '1' } },
      'shorter than its image: 1 pixels',
    ],
    [
      'a mask of another size',
      { segmentation: { size: [160, 120], counts: '1' } },
      'a mask of 160x120 in an image of 120x160',
    ],
    ['a negative box', { bbox: [0, 0, -1, 5] }, 'bbox is [0,0,-1,5], with a negative side'],
    ['an unknown category', { category_id: 2 }, 'no category 2 in'],
  ] as const;
  it.each(others)('names file, detection and image of %s', async (_, more, message) => {
    const detections = join(folder, 'bad.json');
    writeFileSync(detections, JSON.stringify([{ ...json(detectionsPath)[0], ...more }]));
    const score = scoreCoco({ annotations: truthPath, detections, type: 'segm' });
    await expect(score).rejects.toThrow(UserError);
    await expect(score).rejects.toThrow(`${detections}: detection 0 (image 1000): `);
    await expect(score).rejects.toThrow(message);
  });

  it('names an image of another split, a file cut short, and an annotated mask that does not fit', async () => {
    const detections = join(folder, 'other.json');
    writeFileSync(detections, JSON.stringify([{ ...json(detectionsPath)[0], image_id: 5 }]));
    await expect(scoreCoco({ annotations: truthPath, detections, type: 'bbox' })).rejects.toThrow(
      `${detections}: detection 0 (image 5): no image 5 in ${truthPath}`,
    );
    writeFileSync(detections, readFileSync(detectionsPath).subarray(0, 30_000));
    await expect(scoreCoco({ annotations: truthPath, detections, type: 'bbox' })).rejects.toThrow(
      `${detections}: ends in the middle, after`,
    );
    const annotations = join(folder, 'gt.json');
    const truth = json(truthPath);
    truth.annotations[0].segmentation.size = [60, 160];
    writeFileSync(annotations, JSON.stringify(truth));
    await expect(scoreCoco({ annotations, detections: detectionsPath, type: 'segm' })).rejects.toThrow(
      `${annotations}: annotation 1 (image 1000): a mask of 60x160`,
    );
    writeFileSync(annotations, JSON.stringify({ ...truth, annotations: [] }));
    await expect(scoreCoco({ annotations, detections: detectionsPath, type: 'bbox' })).rejects.toThrow(
      'a test split cannot be scored',
    );
  });

  const textIds = (name: string) => join(testdata, 'coco-text-ids', name);
  const pycocotools = json(textIds('expected.json'));
  it.each([
    ['text ids', textIds('gt.json'), textIds('detections.json')],
    ['coco', truthPath, detectionsPath],
  ])(
    'scores as pycocotools does, by either area of a detection: %s',
    async (name, annotations, detections) => {
      for (const [area, type] of [
        ['mask', 'bbox'],
        ['mask', 'segm'],
        ['box', 'segm'],
      ] as const) {
        const { summary } = await scoreCoco({ annotations, detections, type, area });
        const expected = pycocotools[name][area === 'box' ? 'segm, box area' : type];
        for (const [figure, value] of Object.entries(expected)) {
          expect(summary[figure as 'AP'], `${type} ${area} ${figure}`).toBeCloseTo(value as number, 11);
        }
      }
      const { APs } = pycocotools[name].segm;
      expect(pycocotools[name]['segm, box area'].APs).not.toBeCloseTo(APs, 3);
    },
  );

  it('takes equal scores in the order of ids, texts as texts', async () => {
    const cases = json(textIds('ties.json'));
    for (const [i, { truth, detections, expected }] of cases.entries()) {
      const [annotations, found] = [truth, detections].map((content, file) => {
        const path = join(folder, `ties-${i}-${file}.json`);
        writeFileSync(path, JSON.stringify(content));
        return path;
      });
      const { summary } = await scoreCoco({ annotations, detections: found, type: 'bbox' });
      expect(summary.AP50).toBeCloseTo(expected.AP50, 11);
    }
    expect(cases[0].expected.AP50).not.toBe(cases[1].expected.AP50);
  });

  it('needs no sizes of images where boxes are compared', async () => {
    const truth = json(textIds('gt.json'));
    for (const image of truth.images) {
      delete image.height;
      delete image.width;
    }
    const annotations = join(folder, 'no-sizes.json');
    writeFileSync(annotations, JSON.stringify(truth));
    const files = { annotations, detections: textIds('detections.json') };
    const { summary } = await scoreCoco({ ...files, type: 'bbox' });
    expect(summary.AP).toBeCloseTo(pycocotools['text ids'].bbox.AP, 11);
    await expect(scoreCoco({ ...files, type: 'segm' })).rejects.toThrow(
      `${annotations}: annotation 1 (image 1): its image has no height and width, which masks need`,
    );
  });

  it('takes --area for masks only', async () => {
    const files = ['--annotations', textIds('gt.json'), '--detections', textIds('detections.json')];
    const { stdout } = await vssm('score', 'coco', ...files, '--type', 'segm', '--area', 'box', '--json');
    expect(JSON.parse(stdout).APs).toBeCloseTo(pycocotools['text ids']['segm, box area'].APs, 11);
    const refused = await vssm('score', 'coco', ...files, '--area', 'box');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('goes with --type segm') });
  });

  it('says what it needs in one line', async () => {
    const missing = await vssm('score', 'coco', '--annotations', truthPath);
    expect(missing.stderr).toContain('--detections');
    const wrong = await vssm(
      ...['score', 'coco', '--annotations', truthPath, '--detections', 'nowhere.json', '--type', 'boxes'],
    );
    expect(wrong.stderr).toBe('error: --type "boxes": expected one of bbox, segm\n');
    const nowhere = await vssm('score', 'coco', '--annotations', truthPath, '--detections', 'nowhere.json');
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: 'error: nowhere.json: does not exist; check the path\n',
    });
  });
});

const miouExpected = json(join(testdata, 'miou/expected.json')).cases;

/** The golden maps of one case as two files, with equal tensor names. */
async function goldenMaps(name: string): Promise<{ predictions: string; labels: string }> {
  const { tensors } = await readSafetensors(join(testdata, 'miou/maps.safetensors'));
  const only = (kind: string): NamedTensors =>
    new Map<string, Tensor>(
      [...tensors]
        .filter(([key]) => key.startsWith(`${name}.${kind}`))
        .map(([key, tensor]) => [key.slice(`${name}.${kind}`.length), tensor]),
    );
  const predictions = join(folder, `${name}-predictions.safetensors`);
  const labels = join(folder, `${name}-labels.safetensors`);
  await writeSafetensors(predictions, only('pred'));
  await writeSafetensors(labels, only('label'));
  return { predictions, labels };
}

describe('vssm score miou', () => {
  it.each(['plain', 'reduce_zero'])('prints the golden figures, %s', async (name) => {
    const { predictions, labels } = await goldenMaps(name);
    const expected = miouExpected[name];
    const { code, stdout } = await vssm(
      ...['score', 'miou', '--predictions', predictions, '--labels', labels, '--classes', '11', '--json'],
      ...(expected.reduce_zero_label ? ['--reduce-zero-label'] : []),
    );
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      reported: expected.reported,
      total_intersect: expected.total_intersect,
      total_union: expected.total_union,
      total_pred: expected.total_pred,
      total_label: expected.total_label,
      images: 6,
    });
    // The golden figures were computed in float32.
    for (const key of ['aAcc', 'mIoU', 'mAcc']) {
      expect(Math.abs(found[key] / expected[key] - 1)).toBeLessThan(1e-6);
    }
    for (const [label, value] of expected.IoU.entries()) {
      if (value === null) expect(found.IoU[label]).toBeNull();
      else expect(Math.abs(found.IoU[label] - value)).toBeLessThanOrEqual(1e-6 * value);
    }
  });

  it('compares folders of PNG files by name', async () => {
    const labels = join(ade20kSampleDir, 'ADEChallengeData2016/annotations/validation');
    const options = { labels, predictions: labels, classes: 151, ignore: 255, reduceZeroLabel: false };
    expect(await scoreMiou(options)).toMatchObject({
      images: 4,
      foreignPixels: 0,
      unknownPixels: 0,
      summary: { mIoU: 1, aAcc: 1 },
    });
    const { foreignPixels, unknownPixels } = await scoreMiou({ ...options, classes: 1 });
    expect(foreignPixels).toBeGreaterThan(0);
    expect(unknownPixels).toBe(foreignPixels);
  });

  it('names maps that are alone, of two sizes, or no maps', async () => {
    const { predictions, labels } = await goldenMaps('plain');
    const rules = { classes: 11, ignore: 255, reduceZeroLabel: false };
    const { tensors } = await readSafetensors(predictions);
    const other = join(folder, 'other.safetensors');
    await writeSafetensors(other, new Map([...tensors].slice(1)));
    await expect(scoreMiou({ predictions: other, labels, ...rules })).rejects.toThrow(
      `${other}: 1 of 6 images have no prediction, first "0"`,
    );
    await expect(scoreMiou({ predictions: labels, labels: other, ...rules })).rejects.toThrow(
      `${other}: no label map "0", though there is a prediction`,
    );
    const [first, second] = tensors.values();
    await writeSafetensors(other, new Map([...tensors, ['0', second]]));
    await expect(scoreMiou({ predictions: other, labels, ...rules })).rejects.toThrow(
      `${other}: tensor "0": 17x23, but ${labels}: tensor "0" is 24x32`,
    );
    await writeSafetensors(other, new Map([['0', { ...first, shape: [1, ...first.shape] }]]));
    await expect(scoreMiou({ predictions: other, labels: other, ...rules })).rejects.toThrow(
      'expected [H, W]',
    );
    await writeSafetensors(
      other,
      new Map([['0', { dtype: 'F32', shape: [1, 1], data: Float32Array.of(1) }]]),
    );
    await expect(scoreMiou({ predictions: other, labels: other, ...rules })).rejects.toThrow(
      'is F32, expected whole numbers',
    );
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await expect(scoreMiou({ predictions: empty, labels, ...rules })).rejects.toThrow(
      `${empty}: no label maps`,
    );
  });
});
