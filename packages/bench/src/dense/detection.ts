/** Box and mask AP of a detector, and its detections in COCO's own format. */
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CocoDataset, CocoImageId } from '@vssm/datasets';
import { CocoEvaluator, type CocoSummary, detectionOf, type OverlapType, trueObjectOf } from '@vssm/metrics';
import { writeError } from '@vssm/results';
import {
  type Answered,
  answerImages,
  type DenseEvaluation,
  type DenseTotals,
  type Stopped,
} from './evaluation.ts';
import type { DenseAnswer } from './messages.ts';

export const detectionsFileName = 'detections.json';

export interface DetectionScore {
  readonly bbox: CocoSummary;
  /** Null for a model without masks. */
  readonly segm: CocoSummary | null;
  readonly detections: number;
  /** Path of the results file. */
  readonly file: string;
}

export type DetectionOutcome = ({ readonly state: 'done' } & DenseTotals & DetectionScore) | Stopped;

/** One entry of COCO's results files, but for its image. */
interface Found {
  readonly category_id: number;
  /** Left, top, width, height. */
  readonly bbox: readonly [number, number, number, number];
  readonly score: number;
  readonly segmentation?: { readonly size: readonly [number, number]; readonly counts: string };
}

/** @throws UserError, see answerImages */
export async function evaluateDetection(request: DenseEvaluation<CocoDataset>): Promise<DetectionOutcome> {
  const { dataset, model } = request;
  const outcome = await answerImages(
    request,
    async (index, answer) => foundIn(answer, dataset.categoryIds, (await dataset.truth(index)).image),
    (answered) => score(request, answered, model.spec.kind === 'maskrcnn'),
  );
  if (outcome.state === 'stopped') return outcome;
  const { result, ...totals } = outcome;
  return { ...totals, ...result };
}

function foundIn(
  answer: DenseAnswer,
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

async function score(
  { dataset, out }: DenseEvaluation<CocoDataset>,
  answered: Iterable<Answered>,
  masks: boolean,
): Promise<DetectionScore> {
  const categories = dataset.instances.categories.map(({ id }) => id);
  const evaluators = (masks ? (['bbox', 'segm'] as const) : (['bbox'] as const)).map((type) => ({
    type,
    evaluator: new CocoEvaluator(type, categories),
  }));
  const file = new ResultsFile(join(out, detectionsFileName));
  try {
    for (const { index, result } of answered) {
      const { id: sample } = dataset.samples[index];
      const { image, annotations } = await dataset.truth(index);
      const found = result as readonly Found[];
      for (const { type, evaluator } of evaluators) {
        const objects = annotations.map((annotation) =>
          trueObjectOf(annotation, type, image, `${dataset.instances.path}: annotation ${annotation.id}`),
        );
        const detections = found.map((one, at) => described(one, type, image, `image ${sample}: ${at}`));
        evaluator.add(index, objects, detections);
      }
      file.add(image.id, found);
    }
    file.finish();
  } catch (error) {
    file.abandon();
    throw error;
  }
  const [bbox, segm] = evaluators.map(({ evaluator }) => evaluator.summary());
  return { bbox, segm: segm ?? null, detections: file.count, file: join(out, detectionsFileName) };
}

function described(
  { category_id: category, bbox: box, score: sureness, segmentation }: Found,
  type: OverlapType,
  image: { readonly height: number; readonly width: number },
  name: string,
) {
  return detectionOf({ category, box, score: sureness, segmentation }, type, image, name);
}

/** COCO's results file, written image by image; it takes its name when it is whole. */
class ResultsFile {
  readonly #path: string;
  readonly #descriptor: number;
  #count = 0;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(`${path}.partial`, 'w');
  }

  get count(): number {
    return this.#count;
  }

  add(image: CocoImageId, found: readonly Found[]): void {
    const entries = found.map(
      (one) => `${this.#count++ === 0 ? '[' : ','}\n${JSON.stringify({ image_id: image, ...one })}`,
    );
    this.#write(entries.join(''));
  }

  finish(): void {
    this.#write(this.#count === 0 ? '[]\n' : '\n]\n');
    closeSync(this.#descriptor);
    renameSync(`${this.#path}.partial`, this.#path);
  }

  abandon(): void {
    closeSync(this.#descriptor);
    rmSync(`${this.#path}.partial`, { force: true });
  }

  #write(text: string): void {
    try {
      writeFileSync(this.#descriptor, text);
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }
}
