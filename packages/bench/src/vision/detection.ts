/** Box and mask AP of a detector, and its detections in COCO's own format: all from the stored answers alone. */
import { join } from 'node:path';
import { writeWhole } from '@vssm/core/files';
import type { CocoDataset, CocoTruth } from '@vssm/datasets';
import { CocoEvaluator, type CocoSummary, detectionOf, type OverlapType, trueObjectOf } from '@vssm/metrics';
import type { ImageAnswerLine } from '@vssm/results';
import { percent, type VisionKind } from './kind.ts';
import type { VisionAnswer } from './messages.ts';

export interface DetectionScore {
  readonly bbox: CocoSummary;
  /** Null for a model without masks. */
  readonly segm: CocoSummary | null;
  readonly detections: number;
  /** Path of the results file. */
  readonly file: string;
}

/** One entry of COCO's results files, but for its image. */
interface Found {
  readonly category_id: number;
  /** Left, top, width, height. */
  readonly bbox: readonly [number, number, number, number];
  readonly score: number;
  readonly segmentation?: { readonly size: readonly [number, number]; readonly counts: string };
}

/** What is kept of an image. */
interface Detected {
  readonly found: readonly Found[];
  readonly truth: CocoTruth;
}

export const detection: VisionKind<CocoDataset, 'detection', DetectionScore> = {
  scoring: (dataset, spec) => ({
    kind: 'detection',
    categories: dataset.instances.categories.map(({ id }) => id),
    masks: spec.kind === 'maskrcnn',
  }),

  async result(dataset, index, answer): Promise<Detected> {
    const truth = await dataset.truth(index);
    return { found: foundIn(answer, dataset.categoryIds, truth.image), truth: plain(truth) };
  },

  score(lines, { categories, masks }, folder, key) {
    const types = masks ? (['bbox', 'segm'] as const) : (['bbox'] as const);
    const evaluators = types.map((type) => ({ type, evaluator: new CocoEvaluator(type, categories) }));
    const file = detectionsPath(folder, key);
    let detections = 0;
    writeWhole(file, (write) => {
      for (const line of lines) {
        if ('error' in line) continue;
        const { found, truth } = line.result as Detected;
        for (const { type, evaluator } of evaluators) addTo(evaluator, type, line, { found, truth });
        const entries = found.map(
          (one) =>
            `${detections++ === 0 ? '[' : ','}\n${JSON.stringify({ image_id: truth.image.id, ...one })}`,
        );
        write(entries.join(''));
      }
      write(detections === 0 ? '[]\n' : '\n]\n');
    });
    const [bbox, segm] = evaluators.map(({ evaluator }) => evaluator.summary());
    return { bbox, segm: segm ?? null, detections, file };
  },

  figures: ({ bbox, segm }) => ({
    boxAp: percent(bbox.AP),
    ...(segm !== null && { maskAp: percent(segm.AP) }),
  }),
};

/** As JSON keeps it: the corners of polygons in ordinary arrays. */
function plain({ image, annotations }: CocoTruth): CocoTruth {
  return {
    image,
    annotations: annotations.map(({ segmentation, ...annotation }) => ({
      ...annotation,
      segmentation: Array.isArray(segmentation)
        ? segmentation.map((corners) => Array.from(corners))
        : segmentation,
    })),
  };
}

/** COCO's results file of an evaluation, beside its answers. */
function detectionsPath(folder: string, key: string): string {
  return join(folder, 'predictions', `${key}.detections.json`);
}

function foundIn(
  answer: VisionAnswer,
  categoryIds: readonly number[],
  { height, width }: { readonly height: number; readonly width: number },
): Found[] {
  if (answer.kind !== 'detections') throw new Error('a segmenter answered where a detector was asked');
  const { boxes, scores, labels, masks } = answer;
  return Array.from(scores, (found, i) => {
    const [left, top, right, bottom] = boxes.subarray(4 * i, 4 * i + 4);
    return {
      category_id: categoryIds[labels[i]],
      bbox: [left, top, right - left, bottom - top],
      score: found,
      ...(masks !== null && { segmentation: { size: [height, width], counts: masks[i] } }),
    };
  });
}

function addTo(
  evaluator: CocoEvaluator,
  type: OverlapType,
  { index, id }: ImageAnswerLine,
  { found, truth: { image, annotations } }: Detected,
): void {
  const objects = annotations.map((annotation) =>
    trueObjectOf(annotation, type, image, `annotation ${annotation.id}`),
  );
  const detections = found.map(({ category_id: category, bbox: box, score, segmentation }, at) =>
    detectionOf({ category, box, score, segmentation }, type, image, `image ${id}: ${at}`),
  );
  evaluator.add(index, objects, detections);
}
