import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ade20kSampleDir,
  type CocoDataset,
  cocoSampleDir,
  type LabelMap,
  openAde20k,
  openCoco,
  type VisionDataset,
} from '@vssm/datasets';
import { pruningPlan } from '@vssm/families';
import { SegmentationEvaluator, type SegmentationSummary } from '@vssm/metrics';
import { readResults, resultsContent } from '@vssm/results';
import {
  detectWithMasks,
  randomVisionWeights,
  referenceMaskRcnn,
  referenceSegmenter,
  segmentImage,
} from '@vssm/vision-tasks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedBackend, openBackend } from '../backends.ts';
import { mergeResults } from '../merge/merge.ts';
import { silentProgress } from '../progress.ts';
import type { DetectionScore } from './detection.ts';
import { microLimits, microMaskRcnn, microUperNet } from './micro-models.ts';
import { evaluateVisionOnce, type VisionOnceRequest } from './once.ts';

const dense = pruningPlan({ schedule: [] }, 'plainmamba');
const pruned = pruningPlan({ schedule: [{ after: 1, keep: 0.6 }] }, 'plainmamba');
const detector = {
  spec: microMaskRcnn,
  weights: randomVisionWeights(microMaskRcnn, 1),
  identity: { seed: 1 },
  described: described('maskrcnn'),
};
const segmenter = {
  spec: microUperNet,
  weights: randomVisionWeights(microUperNet, 1),
  identity: { seed: 1 },
  described: described('upernet'),
};

function described(kind: 'maskrcnn' | 'upernet') {
  return { name: `micro ${kind}`, kind, params: 1, weights: { from: 'random', seed: 1 } } as const;
}

let root: string;
let coco: CocoDataset;
let ade: VisionDataset<LabelMap>;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'vssm-vision-'));
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

type Change = Partial<Omit<VisionOnceRequest, 'out'>>;

let backend: OpenedBackend;
beforeAll(async () => {
  backend = await openBackend('cpu');
});

function request(out: string, change: Change): VisionOnceRequest {
  return {
    ...{ kind: 'detection', model: detector, plan: dense, dataset: coco, limits: microLimits, backend },
    ...{ limit: undefined, workers: 1, threads: 1, command: ['vssm'], progress: silentProgress },
    ...change,
    out: folder(out),
  };
}

/** The outcome of a run that nobody stops. */
async function finished(out: string, change: Change = {}) {
  const outcome = await evaluateVisionOnce(request(out, change));
  if (outcome.state !== 'done' || outcome.record.kind !== 'vision') throw new Error('not a whole evaluation');
  return { ...outcome, record: outcome.record };
}
const detected = async (out: string, change: Change = {}) => {
  const outcome = await finished(out, change);
  return { ...outcome, score: outcome.score as DetectionScore };
};
const segmented = async (out: string, change: Change = {}) => {
  const outcome = await finished(out, { kind: 'segmentation', model: segmenter, dataset: ade, ...change });
  return { ...outcome, summary: outcome.score as SegmentationSummary };
};

/** The one file of this ending among the answers. */
function answersOf(out: string, ending: string): string {
  const inside = join(folder(out), 'predictions');
  return join(inside, readdirSync(inside).find((name) => name.endsWith(ending))!);
}
const read = (out: string, ending: string) => readFileSync(answersOf(out, ending), 'utf8');

interface Entry {
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: readonly number[];
  readonly score: number;
}

/** As a kill leaves it: the first answers, a line that was cut short, and no record. */
function cutOff(out: string, answers: number): void {
  const file = answersOf(out, '.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, `${lines.slice(0, 1 + answers).join('\n')}\n${lines[1 + answers].slice(0, 30)}`);
  const results = join(folder(out), 'results.jsonl');
  const [header] = readFileSync(results, 'utf8').split('\n');
  writeFileSync(results, `${header}\n`);
}

describe('a detector', () => {
  it.each([
    ['dense', dense],
    ['pruned', pruned],
  ])('%s: the detections of the float64 reference, in pixels of the original', async (name, plan) => {
    const { record } = await detected(name, { plan, limit: 2 });
    expect(record.failed).toEqual([]);
    const image = await coco.load(1);
    const expected = await detectWithMasks(
      microMaskRcnn,
      referenceMaskRcnn(microMaskRcnn, detector.weights, plan),
      { channels: 3, height: image.height, width: image.width, values: image.pixels },
      { height: image.scaled.height, width: image.scaled.width, scale: image.scaleFactor },
    );
    const found = (JSON.parse(read(name, '.detections.json')) as Entry[]).filter(
      ({ image_id }) => image_id === 200,
    );
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
    const whole = await detected('whole', { workers: 2 });
    expect(whole.record.images).toBe(4);
    expect(whole.throughput?.images).toBe(4);
    await detected('half');
    cutOff('half', 2);
    const resumed = await detected('half');
    expect(resumed.throughput?.images).toBe(2);
    expect(resumed.score).toEqual({ ...whole.score, file: resumed.score.file });
    expect(read('half', '.detections.json')).toBe(read('whole', '.detections.json'));
    // Whatever the number of threads and of runs.
    expect(read('half', '.jsonl')).toBe(read('whole', '.jsonl'));
    const again = await detected('half');
    expect(again.throughput).toBeNull();
    expect(again.score).toEqual(resumed.score);
  });

  it('keeps the answers of several plans apart, and refuses damaged ones', async () => {
    await detected('other', { limit: 1 });
    await detected('other', { limit: 1, plan: pruned });
    expect(readResults(folder('other')).records.filter(({ kind }) => kind === 'vision')).toHaveLength(2);
    await detected('damaged', { limit: 2 });
    cutOff('damaged', 2);
    const file = answersOf('damaged', '.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"index":0', '"index":'));
    await expect(detected('damaged', { limit: 2 })).rejects.toThrow(`${file} line 2: is damaged`);
  });

  it('names images that cannot be read, leaves them out, and tries them again', async () => {
    const data = folder('data');
    cpSync(cocoSampleDir, data, { recursive: true });
    const picture = join(data, 'val2017/000000000300.png');
    const bytes = readFileSync(picture);
    // As long as before, since the data set is known by sizes.
    writeFileSync(picture, Buffer.alloc(bytes.length));
    const dataset = await openCoco(data, { limits: microLimits });
    const first = await detected('broken', { dataset });
    expect(first.record).toMatchObject({
      ...{ images: 3, partial: true },
      failed: [{ id: '300', error: expect.stringContaining('000000000300.png') }],
    });
    expect(read('broken', '.detections.json')).not.toContain('"image_id":300');
    const unchanged = await detected('broken', { dataset });
    expect(unchanged).toMatchObject({ record: first.record, throughput: null });
    writeFileSync(picture, bytes);
    const second = await detected('broken', { dataset });
    await dataset.close();
    expect(second).toMatchObject({
      record: { images: 4, failed: [], partial: false },
      throughput: { images: 1 },
    });
    expect(read('broken', '.detections.json')).toBe(read('whole', '.detections.json'));
  });

  it('runs on the CPU alone, and says so', async () => {
    const elsewhere = { ...backend, name: 'wasm' } as const;
    await expect(detected('elsewhere', { backend: elsewhere })).rejects.toThrow(
      '--backend wasm: detectors and segmenters run on cpu only',
    );
  });
});

describe('shards', () => {
  const kinds = { detection: detected, segmentation: segmented } as const;

  it.each(['detection', 'segmentation'] as const)(
    'of a %s, one of them cut off, merge to the bytes of a whole run',
    async (kind) => {
      const own = kind === 'detection' ? {} : { kind, model: segmenter, dataset: ade };
      const whole = `whole-${kind}`;
      await kinds[kind](whole, { plan: pruned, workers: 2 });
      const parts = [1, 2, 3].map((index) => `${kind}-${index}`);
      for (const [at, out] of parts.entries()) {
        const shard = { index: at + 1, of: 3 };
        const run = () => evaluateVisionOnce(request(out, { ...own, plan: pruned, shard }));
        const outcome = await run();
        expect(outcome).toMatchObject({ state: 'done', record: { kind: 'shard' }, score: undefined });
        if (at !== 0) continue;
        // The first of three has two of the four images.
        cutOff(out, 1);
        expect(await run()).toMatchObject({ record: { kind: 'shard' }, throughput: { images: 1 } });
      }
      const merged = `merged-${kind}`;
      const outcome = mergeResults(parts.map(folder), folder(merged));
      expect(outcome).toMatchObject({ joined: 1, images: 4 });
      const inside = readdirSync(join(folder(whole), 'predictions'));
      expect(readdirSync(join(folder(merged), 'predictions'))).toEqual(inside);
      expect(inside).toHaveLength(kind === 'detection' ? 2 : 1);
      for (const name of inside) expect(read(merged, name), name).toBe(read(whole, name));
      const content = (out: string) =>
        resultsContent(readResults(folder(out)).records.filter((record) => record.kind !== 'run'));
      expect(content(merged)).toEqual(content(whole));
      const [record] = readResults(folder(merged)).records.filter((one) => one.kind === 'vision');
      expect(record.parts!.some(({ ms }) => ms !== null && ms > 0)).toBe(true);
    },
  );
});

describe('a segmenter', () => {
  it.each([
    ['seg-dense', dense],
    ['seg-pruned', pruned],
  ])('%s: the figures of the float64 reference', async (name, plan) => {
    const images = [0, 1];
    const { summary } = await segmented(name, { plan, limit: 2 });
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
    const whole = await segmented('seg-whole', { workers: 2 });
    await segmented('seg-half');
    cutOff('seg-half', 1);
    const resumed = await segmented('seg-half');
    expect(resumed.throughput?.images).toBe(3);
    expect(resumed.summary).toEqual(whole.summary);
    expect(resumed.record.images).toBe(4);
  });

  it('another image, another draw of the random signal', async () => {
    const random = { schedule: [{ after: 1, keep: 0.4 }], signal: 'random' } as const;
    const plan = pruningPlan(random, 'plainmamba');
    await segmented('seg-random', { plan });
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
    const line = read('seg-random', '.jsonl').trimEnd().split('\n').at(-1)!;
    const { index, result: answer } = JSON.parse(line) as { index: number; result: number[][] };
    expect(index).toBe(3);
    // Predicted pixels by class; a few may differ in float32.
    const difference = answer.reduce(
      (sum, [label, , predicted]) => sum + Math.abs(predicted - own[label]),
      0,
    );
    expect(difference).toBeLessThan(0.002 * original.height * original.width);
  });
});
