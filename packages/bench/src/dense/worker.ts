/** One worker thread: a detector or segmenter of its own, one thread inside each operator, one image at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { CpuDetector, CpuSegmenter, type KeptWatch } from '@vssm/backend-cpu';
import { float32, type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { PreparedImage } from '@vssm/datasets';
import { rleFromMask, rleToString } from '@vssm/metrics';
import {
  type DenseSpec,
  detectBoxes,
  detectWithMasks,
  type MaskedDetections,
  type MaskRcnnSpec,
  pasteMask,
  type RetinaNetSpec,
  type Size,
  segmentImage,
  type UperNetSpec,
} from '@vssm/vision-tasks';
import type {
  DenseAnswer,
  DenseJob,
  DenseSetup,
  FromDenseWorker,
  KeptStep,
  ToDenseWorker,
} from './messages.ts';
import { PartTimes } from './part-times.ts';

interface Answerer {
  answer(job: DenseJob): Promise<DenseAnswer>;
  dispose(): Promise<void>;
}

const times = new PartTimes();
let steps: KeptStep[] = [];
const kept: KeptWatch = (after, { positions, live }) => {
  steps.push({ after, cells: live === undefined ? positions : positions.filter((_, i) => live[i] === 1) });
};
const options = { threads: 1, stopwatch: times.lap, kept } as const;
const port = parentPort!;
const say = (message: FromDenseWorker) => port.postMessage(message);

try {
  const { spec, plan, weights: shared } = workerData as DenseSetup;
  const weights: Weights = new Map(
    shared.map(({ name, shape, data }) => [name, float32(shape, new Float32Array(data))]),
  );
  const model = await createModel(spec, weights, plan);
  port.on('message', async (message: ToDenseWorker) => {
    if (message.kind === 'stop') {
      await model.dispose();
      port.close();
      return;
    }
    try {
      steps = [];
      times.start();
      const answer = await model.answer(message);
      say({ kind: 'done', answer, kept: steps, ms: times.taken() });
    } catch (error) {
      const user = error instanceof UserError;
      say({ kind: 'failed', user, reason: user ? error.message : describe(error) });
    }
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'unusable', reason: describe(error) });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function createModel(spec: DenseSpec, weights: Weights, plan: PruningPlan): Promise<Answerer> {
  switch (spec.kind) {
    case 'upernet':
      return segmenter(spec, weights, plan);
    case 'maskrcnn':
      return maskRcnn(spec, weights, plan);
    case 'retinanet':
      return retinaNet(spec, weights, plan);
    default:
      throw spec satisfies never;
  }
}

async function segmenter(spec: UperNetSpec, weights: Weights, plan: PruningPlan): Promise<Answerer> {
  const model = await CpuSegmenter.create(spec, weights, plan, options);
  return {
    async answer({ image, sample }) {
      const labels = await segmentImage(spec, model.forSample(sample), mapOf(image), image.original);
      times.lap('label map');
      return { kind: 'labels', labels };
    },
    dispose: () => model.dispose(),
  };
}

async function maskRcnn(spec: MaskRcnnSpec, weights: Weights, plan: PruningPlan): Promise<Answerer> {
  const model = await CpuDetector.create(spec, weights, plan, options);
  return {
    async answer({ image, sample }) {
      const stages = model.forSample(sample);
      const found = await detectWithMasks(spec, stages, mapOf(image), inputOf(image), times.lap);
      const { boxes, scores, labels } = found;
      const masks = runs(found, image.original, spec.detections.maskThreshold);
      times.lap('pasted masks');
      return { kind: 'detections', boxes, scores, labels, masks };
    },
    dispose: () => model.dispose(),
  };
}

async function retinaNet(spec: RetinaNetSpec, weights: Weights, plan: PruningPlan): Promise<Answerer> {
  const model = await CpuDetector.create(spec, weights, plan, options);
  return {
    async answer({ image, sample }) {
      const stages = model.forSample(sample);
      const found = await detectBoxes(spec, stages, mapOf(image), inputOf(image), times.lap);
      return { kind: 'detections', ...found, masks: null };
    },
    dispose: () => model.dispose(),
  };
}

function mapOf({ pixels, height, width }: PreparedImage) {
  return { channels: 3, height, width, values: pixels };
}

/** The network's input without its padding. */
function inputOf({ scaled, scaleFactor }: PreparedImage) {
  return { ...scaled, scale: scaleFactor };
}

function runs({ boxes, masks, scores }: MaskedDetections, original: Size, threshold: number): string[] {
  const cells = masks.length / scores.length;
  return Array.from(scores, (_, i) => {
    const logits = masks.subarray(i * cells, (i + 1) * cells);
    const mask = pasteMask(logits, boxes.subarray(4 * i, 4 * i + 4), original, threshold);
    return rleToString(rleFromMask(mask, original.height, original.width));
  });
}
