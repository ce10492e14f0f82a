/** The work of `vssm score coco`: a results file of any tool against an annotation file. */
import { UserError } from '@vssm/core';
import { compareImageIds, detectionName, jsonFile, readDetections, readInstances } from '@vssm/datasets';
import {
  CocoEvaluator,
  type CocoSummary,
  type DetectionArea,
  detectionOf,
  type OverlapType,
  trueObjectOf,
} from '@vssm/metrics';

export interface CocoScoreOptions {
  /** `instances_*.json`. */
  readonly annotations: string;
  /** A list of `{image_id, category_id, bbox, score, segmentation}`. */
  readonly detections: string;
  readonly type: OverlapType;
  /** What a detection's size is when masks are compared and it has both. Default: mask. */
  readonly area?: DetectionArea;
}

export interface CocoScore {
  readonly summary: CocoSummary;
  /** Names by category id. */
  readonly categories: ReadonlyMap<number, string>;
  readonly images: number;
  readonly detections: number;
}

/** @throws UserError naming the file and the id of what cannot be scored */
export async function scoreCoco(options: CocoScoreOptions): Promise<CocoScore> {
  const { type, area = 'mask' } = options;
  const masks = type === 'segm';
  const truth = await readInstances(jsonFile(options.annotations), masks);
  if (truth.annotations.size === 0) {
    throw new UserError(`${truth.path}: no annotations in it; a test split cannot be scored`);
  }
  const found = await readDetections(jsonFile(options.detections), truth, {
    masks,
    allOrNone: !masks || area === 'box',
  });
  const evaluator = new CocoEvaluator(
    type,
    truth.categories.map(({ id }) => id),
  );
  const images = [...truth.images.values()].sort((a, b) => compareImageIds(a.id, b.id));
  for (const [place, { id, size }] of images.entries()) {
    const objects = (truth.annotations.get(id) ?? []).map((annotation) =>
      trueObjectOf(annotation, type, size, `${truth.path}: annotation ${annotation.id} (image ${id})`),
    );
    const detections = (found.byImage.get(id) ?? []).map((described) => {
      const name = detectionName(found.path, described.index, id);
      return detectionOf(described, type, size, name, area);
    });
    evaluator.add(place, objects, detections);
  }
  return {
    summary: evaluator.summary(),
    categories: new Map(truth.categories.map(({ id, name }) => [id, name])),
    images: truth.images.size,
    detections: found.count,
  };
}
