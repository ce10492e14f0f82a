/** The work of `vssm score miou`: predicted label maps of any tool against true ones of the same names. */
import { UserError } from '@vssm/core';
import { SegmentationEvaluator, type SegmentationSummary } from '@vssm/metrics';
import { type LabelMaps, openLabelMaps } from './label-maps.ts';

export interface MiouScoreOptions {
  /** Folder of PNG label maps, or a safetensors file; classes from 0. */
  readonly predictions: string;
  /** The same, as the data set stores them. */
  readonly labels: string;
  readonly classes: number;
  /** Label of pixels without truth. */
  readonly ignore: number;
  readonly reduceZeroLabel: boolean;
}

export interface MiouScore {
  readonly summary: SegmentationSummary;
  readonly images: number;
  /** Predicted pixels of a class that does not exist. */
  readonly foreignPixels: number;
  /** True pixels of a class that does not exist. */
  readonly unknownPixels: number;
  /** Pixels per class over all images. */
  readonly totals: {
    readonly intersect: readonly number[];
    readonly union: readonly number[];
    readonly pred: readonly number[];
    readonly label: readonly number[];
  };
}

/** @throws UserError naming the file: a map without counterpart, of another size, or that cannot be read */
export async function scoreMiou(options: MiouScoreOptions): Promise<MiouScore> {
  const { classes, ignore, reduceZeroLabel } = options;
  const predictions = await openLabelMaps(options.predictions);
  const labels = await openLabelMaps(options.labels);
  refuseUnpaired(predictions, labels);
  const evaluator = new SegmentationEvaluator({ classes, ignore, reduceZeroLabel });
  for (const name of labels.names) {
    const truth = await labels.read(name);
    const predicted = await predictions.read(name);
    if (truth.height !== predicted.height || truth.width !== predicted.width) {
      throw new UserError(
        `${predicted.file}: ${predicted.height}x${predicted.width}, but ${truth.file} is ` +
          `${truth.height}x${truth.width} (height x width); predict at the size of the labels`,
      );
    }
    evaluator.add(predicted.labels, truth.labels);
  }
  const { intersection, predicted, labelled } = evaluator.totals;
  return {
    summary: evaluator.summary(),
    images: evaluator.images,
    foreignPixels: evaluator.foreignPixels,
    unknownPixels: evaluator.unknownPixels,
    totals: {
      intersect: Array.from(intersection),
      union: Array.from(intersection, (shared, label) => predicted[label] + labelled[label] - shared),
      pred: Array.from(predicted),
      label: Array.from(labelled),
    },
  };
}

function refuseUnpaired(predictions: LabelMaps, labels: LabelMaps): void {
  const predicted = new Set(predictions.names);
  const labelled = new Set(labels.names);
  const missing = labels.names.filter((name) => !predicted.has(name));
  const foreign = predictions.names.filter((name) => !labelled.has(name));
  if (missing.length > 0) {
    throw new UserError(
      `${predictions.path}: ${missing.length} of ${labels.names.length} images have no prediction, first ` +
        `"${missing[0]}"`,
    );
  }
  if (foreign.length > 0) {
    throw new UserError(
      `${labels.path}: no label map "${foreign[0]}", though there is a prediction of that name`,
    );
  }
}
