/**
 * Mean intersection over union of label maps, counted as mmseg 0.x does: per image the pixels of each class in the
 * prediction, in the ground truth and in both, added up over the set, divided at the end. Pixels whose true label
 * is ignored count nowhere; a class that occurs nowhere is undefined (NaN) and left out of the means.
 */

export interface SegmentationRules {
  readonly classes: number;
  /** Label that marks pixels without truth. */
  readonly ignore: number;
  /** The truth counts classes from 1 and 0 is unlabelled: 0 becomes 255, k becomes k - 1, and 255 stays. */
  readonly reduceZeroLabel: boolean;
}

/** Pixels per class. */
export interface PixelCounts {
  readonly intersection: Float64Array;
  readonly predicted: Float64Array;
  readonly labelled: Float64Array;
}

export interface SegmentationSummary {
  /** Right pixels among all labelled ones, in 0 … 1. */
  readonly aAcc: number;
  /** Means over the classes for which they are defined, in 0 … 1; NaN if there is none. */
  readonly mIoU: number;
  readonly mAcc: number;
  /** Per class; NaN where the class is neither in the truth nor in the predictions. */
  readonly IoU: readonly number[];
  /** Per class: its right pixels among its labelled ones; NaN where the truth does not have it. */
  readonly Acc: readonly number[];
}

/** Takes label maps one by one, predicted and true. */
export class SegmentationEvaluator {
  readonly #rules: SegmentationRules;
  readonly #totals: PixelCounts;
  #images = 0;
  #foreign = 0;
  #unknown = 0;

  constructor(rules: SegmentationRules) {
    this.#rules = rules;
    this.#totals = noPixels(rules.classes);
  }

  /**
   * Counts one image.
   *
   * @param prediction classes from 0, pixel by pixel
   * @param truth labels as stored, as many pixels
   * @returns this image's own counts
   */
  add(prediction: ArrayLike<number>, truth: ArrayLike<number>): PixelCounts {
    if (prediction.length !== truth.length) {
      throw new RangeError(`${prediction.length} predicted pixels for ${truth.length} labelled ones`);
    }
    const { classes, ignore, reduceZeroLabel } = this.#rules;
    const counts = noPixels(classes);
    for (let pixel = 0; pixel < truth.length; pixel++) {
      const label = reduceZeroLabel ? reduced(truth[pixel]) : truth[pixel];
      if (label === ignore) continue;
      const predicted = prediction[pixel];
      if (predicted >= 0 && predicted < classes) counts.predicted[predicted]++;
      else this.#foreign++;
      if (label >= 0 && label < classes) {
        counts.labelled[label]++;
        if (predicted === label) counts.intersection[label]++;
      } else this.#unknown++;
    }
    this.addCounts(counts);
    return counts;
  }

  /** Counts one image by what `add` returned for it before. */
  addCounts(counts: PixelCounts): void {
    addTo(this.#totals, counts);
    this.#images++;
  }

  /** Counts over all images so far. */
  get totals(): PixelCounts {
    return this.#totals;
  }

  get images(): number {
    return this.#images;
  }

  /** Predicted pixels, where there is truth, of a class that does not exist; they are wrong, and of no class. */
  get foreignPixels(): number {
    return this.#foreign;
  }

  /** Pixels whose true class does not exist and is not the ignored one; as with mmseg, no class and no accuracy has them. */
  get unknownPixels(): number {
    return this.#unknown;
  }

  summary(): SegmentationSummary {
    const { intersection, predicted, labelled } = this.#totals;
    const IoU = Array.from(
      intersection,
      (shared, label) => shared / (predicted[label] + labelled[label] - shared),
    );
    const Acc = Array.from(intersection, (shared, label) => shared / labelled[label]);
    return {
      aAcc: sum(intersection) / sum(labelled),
      mIoU: definedMean(IoU),
      mAcc: definedMean(Acc),
      IoU,
      Acc,
    };
  }
}

function noPixels(classes: number): PixelCounts {
  return {
    intersection: new Float64Array(classes),
    predicted: new Float64Array(classes),
    labelled: new Float64Array(classes),
  };
}

/** In mmseg's order: 0 becomes 255, all is lowered by one, and what is 254 then becomes 255 again. */
function reduced(label: number): number {
  return label === 0 || label === 255 ? 255 : label - 1;
}

function addTo(totals: PixelCounts, counts: PixelCounts): void {
  for (const key of ['intersection', 'predicted', 'labelled'] as const) {
    for (let label = 0; label < counts[key].length; label++) totals[key][label] += counts[key][label];
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function definedMean(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return sum(defined) / defined.length;
}
