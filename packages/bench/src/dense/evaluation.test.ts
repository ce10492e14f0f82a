import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import {
  ade20kSampleDir,
  type CocoDataset,
  cocoSampleDir,
  type DenseDataset,
  type LabelMap,
  openAde20k,
  openCoco,
} from '@vssm/datasets';
import { pruningPlan } from '@vssm/families';
import { SegmentationEvaluator } from '@vssm/metrics';
import {
  detectWithMasks,
  randomDenseWeights,
  referenceMaskRcnn,
  referenceSegmenter,
  segmentImage,
} from '@vssm/vision-tasks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentProgress } from '../progress.ts';
import { answersFileName } from './answers.ts';
import { evaluateDetection } from './detection.ts';
import type { DenseEvaluation } from './evaluation.ts';
import { microLimits, microMaskRcnn, microUperNet } from './micro-models.ts';
import { evaluateSegmentation } from './segmentation.ts';

const dense = pruningPlan({ schedule: [] }, 'plainmamba');
const pruned = pruningPlan({ schedule: [{ after: 1, keep: 0.6 }] }, 'plainmamba');
const detector = {
  spec: microMaskRcnn,
  weights: randomDenseWeights(microMaskRcnn, 1),
  identity: { seed: 1 },
};
const segmenter = {
  spec: microUperNet,
  weights: randomDenseWeights(microUperNet, 1),
  identity: { seed: 1 },
};

let root: string;
let coco: CocoDataset;
let ade: DenseDataset<LabelMap>;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'vssm-dense-'));
  coco = await openCoco(cocoSampleDir, { limits: microLimits });
  ade = await openAde20k(ade20kSampleDir, { limits: microLimits });
});
afterAll(async () => {
  await coco.close();
  await ade.close();
  rmSync(root, { recursive: true });
});

function folder(name: string): string {
  return join(root, name);
}

type Change<Dataset extends DenseDataset<unknown>> = Partial<DenseEvaluation<Dataset>>;

function detecting(out: string, change: Change<CocoDataset> = {}): DenseEvaluation<CocoDataset> {
  const usual = { limits: microLimits, images: [0, 1, 2, 3], workers: 1, progress: silentProgress };
  return { model: detector, plan: dense, dataset: coco, out: folder(out), ...usual, ...change };
}

function segmenting(
  out: string,
  change: Change<DenseDataset<LabelMap>> = {},
): DenseEvaluation<DenseDataset<LabelMap>> {
  const usual = { limits: microLimits, images: [0, 1, 2, 3], workers: 1, progress: silentProgress };
  return { model: segmenter, plan: dense, dataset: ade, out: folder(out), ...usual, ...change };
}

/** The outcome of a run that nobody stops. */
async function finished<T extends { readonly state: string }>(
  run: Promise<T>,
): Promise<Extract<T, { state: 'done' }>> {
  const outcome = await run;
  if (outcome.state !== 'done') throw new Error('stopped');
  return outcome as Extract<T, { state: 'done' }>;
}

const read = (out: string, name: string) => readFileSync(join(folder(out), name), 'utf8');

interface Entry {
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: readonly number[];
  readonly score: number;
}

describe('evaluateDetection', () => {
  it.each([
    ['dense', dense],
    ['pruned', pruned],
  ])('%s: the detections of the float64 reference, in pixels of the original', async (name, plan) => {
    const { state: _, ...outcome } = await finished(
      evaluateDetection(detecting(name, { plan, images: [1] })),
    );
    expect(outcome.failed).toEqual([]);
    const image = await coco.load(1);
    const expected = await detectWithMasks(
      microMaskRcnn,
      referenceMaskRcnn(microMaskRcnn, detector.weights, plan),
      { channels: 3, height: image.height, width: image.width, values: image.pixels },
      { height: image.scaled.height, width: image.scaled.width, scale: image.scaleFactor },
    );
    const found = JSON.parse(read(name, 'detections.json')) as Entry[];
    expect(found).toHaveLength(expected.scores.length);
    expect(found.length).toBeGreaterThan(20);
    const { height, width } = (await coco.truth(1)).image;
    // Random heads make much of small differences: the pyramid's 1e-6 become 0.02 pixels and 1e-3 of a score; a pair
    // at a threshold of NMS may go the other way.
    const matched = found.filter(({ image_id, category_id, bbox, score }) => {
      expect(image_id).toBe(200);
      expect(Math.min(...bbox)).toBeGreaterThanOrEqual(0);
      expect(bbox[0] + bbox[2]).toBeLessThanOrEqual(width + 1e-3);
      expect(bbox[1] + bbox[3]).toBeLessThanOrEqual(height + 1e-3);
      return [...expected.scores].some((sureness, i) => {
        const [left, top, right, bottom] = expected.boxes.subarray(4 * i, 4 * i + 4);
        const sides = [left, top, right - left, bottom - top];
        return (
          category_id === coco.categoryIds[expected.labels[i]] &&
          Math.abs(score - sureness) < 5e-3 &&
          sides.every((side, k) => Math.abs(side - bbox[k]) < 0.1)
        );
      });
    });
    expect(matched.length).toBeGreaterThanOrEqual(0.85 * found.length);
  });

  it('goes on where it was cut off, and then finds everything done', async () => {
    const whole = await finished(evaluateDetection(detecting('whole', { workers: 2 })));
    expect(whole.images).toBe(4);
    expect(whole.throughput?.images).toBe(4);
    await finished(evaluateDetection(detecting('half', { images: [0, 1] })));
    // A line that a kill cut short.
    const file = join(folder('half'), answersFileName);
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"id":"300","answ`);
    const resumed = await finished(evaluateDetection(detecting('half')));
    expect(resumed.throughput?.images).toBe(2);
    const untimed = { throughput: null, partMs: null, file: '' };
    expect({ ...resumed, ...untimed }).toEqual({ ...whole, ...untimed });
    expect(read('half', 'detections.json')).toBe(read('whole', 'detections.json'));
    const again = await finished(evaluateDetection(detecting('half')));
    expect(again).toEqual({ ...resumed, throughput: null });
  });

  it('refuses the answers of another plan, and damaged ones', async () => {
    await finished(evaluateDetection(detecting('other', { images: [0] })));
    const file = join(folder('other'), answersFileName);
    await expect(evaluateDetection(detecting('other', { plan: pruned }))).rejects.toThrow(
      `${file}: holds answers of another model, plan, data set or version of the code`,
    );
    truncateSync(file, 40);
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
    const damaged = evaluateDetection(detecting('other'));
    await expect(damaged).rejects.toThrow(UserError);
    await expect(damaged).rejects.toThrow(`${file}: line 1 is damaged`);
  });

  it('names images that cannot be read, leaves them out, and tries them again', async () => {
    const data = folder('data');
    cpSync(cocoSampleDir, data, { recursive: true });
    const picture = join(data, 'val2017/000000000300.png');
    const bytes = readFileSync(picture);
    // As long as before, since the data set is known by sizes.
    writeFileSync(picture, Buffer.alloc(bytes.length));
    const dataset = await openCoco(data, { limits: microLimits });
    const first = await finished(evaluateDetection(detecting('broken', { dataset })));
    expect(first.images).toBe(3);
    expect(first.failed).toEqual([{ id: '300', error: expect.stringContaining('000000000300.png') }]);
    expect(read('broken', 'detections.json')).not.toContain('"image_id":300');
    writeFileSync(picture, bytes);
    const second = await finished(evaluateDetection(detecting('broken', { dataset })));
    await dataset.close();
    expect(second).toMatchObject({ images: 4, failed: [], throughput: { images: 1 } });
  });
});

describe('evaluateSegmentation', () => {
  it.each([
    ['seg-dense', dense],
    ['seg-pruned', pruned],
  ])('%s: the figures of the float64 reference', async (name, plan) => {
    const images = [0, 2];
    const { summary } = await finished(evaluateSegmentation(segmenting(name, { plan, images })));
    const stages = referenceSegmenter(microUperNet, segmenter.weights, plan);
    const evaluator = new SegmentationEvaluator({ classes: 150, ignore: 255, reduceZeroLabel: true });
    for (const index of images) {
      const { pixels: values, height, width, original } = await ade.load(index);
      const labels = await segmentImage(
        microUperNet,
        stages,
        { channels: 3, height, width, values },
        original,
      );
      evaluator.add(labels, (await ade.truth(index)).labels);
    }
    // In float32 a few pixels between two classes go the other way.
    expect(Math.abs(summary.aAcc - evaluator.summary().aAcc)).toBeLessThan(2e-3);
    expect(Math.abs(summary.mIoU - evaluator.summary().mIoU)).toBeLessThan(2e-3);
    expect(summary.IoU).toHaveLength(150);
  });

  it('resumes, and gives the same with more threads', async () => {
    const whole = await finished(evaluateSegmentation(segmenting('seg-whole', { workers: 2 })));
    await finished(evaluateSegmentation(segmenting('seg-half', { images: [0] })));
    const resumed = await finished(evaluateSegmentation(segmenting('seg-half')));
    expect(resumed.throughput?.images).toBe(3);
    expect(resumed.summary).toEqual(whole.summary);
    expect(resumed.images).toBe(4);
  });

  it('another image, another draw of the random signal', async () => {
    const random = { schedule: [{ after: 1, keep: 0.4 }], signal: 'random' } as const;
    const plan = pruningPlan(random, 'plainmamba');
    await finished(evaluateSegmentation(segmenting('seg-random', { plan, images: [3] })));
    const { pixels: values, height, width, original } = await ade.load(3);
    const summaryFor = async (sample: number) => {
      const stages = referenceSegmenter(microUperNet, segmenter.weights, plan, sample);
      const labels = await segmentImage(
        microUperNet,
        stages,
        { channels: 3, height, width, values },
        original,
      );
      const evaluator = new SegmentationEvaluator({ classes: 150, ignore: 255, reduceZeroLabel: true });
      return evaluator.add(labels, (await ade.truth(3)).labels).predicted;
    };
    const [own, other] = [await summaryFor(3), await summaryFor(0)];
    expect(own).not.toEqual(other);
    const [, line] = read('seg-random', answersFileName).trimEnd().split('\n');
    const { result: answer } = (JSON.parse(line) as { answer: { result: number[][] } }).answer;
    // Predicted pixels by class; a few may differ in float32.
    const difference = answer.reduce(
      (sum, [label, , predicted]) => sum + Math.abs(predicted - own[label]),
      0,
    );
    expect(difference).toBeLessThan(0.002 * original.height * original.width);
  });
});
