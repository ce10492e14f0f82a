/** Top-1 and top-5 accuracy with a confidence interval, all in percent. */
import { type Logits, topK } from './top-k.ts';

/** Low and high end, in percent. */
export type Interval = readonly [low: number, high: number];

export interface AccuracySummary {
  /** Percent. */
  readonly top1: number;
  /** Percent; with fewer than five classes every image counts as right. */
  readonly top5: number;
  /** Number of images. */
  readonly count: number;
  readonly top1Correct: number;
  readonly top5Correct: number;
  /** 95 % Wilson interval of top-1. */
  readonly interval: Interval;
}

/** Counts right answers, batch by batch. */
export class Accuracy {
  #count = 0;
  #top1 = 0;
  #top5 = 0;

  /**
   * @param logits [rows, classes], one row per label
   * @param labels the true classes
   */
  add(logits: Logits, classes: number, labels: ArrayLike<number>): void {
    for (let row = 0; row < labels.length; row++) {
      this.addRanking(topK(logits, classes, 5, row), labels[row]);
    }
  }

  /** One image whose five best classes, best first, are already known. */
  addRanking(ranking: readonly number[], label: number): void {
    this.#count++;
    if (ranking[0] === label) this.#top1++;
    if (ranking.slice(0, 5).includes(label)) this.#top5++;
  }

  /** NaN in percent as long as nothing was counted. */
  summary(): AccuracySummary {
    const percent = (correct: number) => (100 * correct) / this.#count;
    return {
      top1: percent(this.#top1),
      top5: percent(this.#top5),
      count: this.#count,
      top1Correct: this.#top1,
      top5Correct: this.#top5,
      interval: wilsonInterval(this.#top1, this.#count, 0.95),
    };
  }
}

/** Quantiles of the standard normal distribution at (1 + confidence) / 2. */
const normalQuantile = {
  0.9: 1.6448536269514722,
  0.95: 1.959963984540054,
  0.99: 2.5758293035489004,
} as const;

/**
 * Wilson's score interval of a proportion (E. B. Wilson 1927), in percent; the whole range 0 … 100 when nothing
 * was counted.
 */
export function wilsonInterval(
  correct: number,
  count: number,
  confidence: keyof typeof normalQuantile,
): Interval {
  if (count === 0) return [0, 100];
  const z = normalQuantile[confidence];
  const share = correct / count;
  const spread = 1 + z ** 2 / count;
  const centre = (share + z ** 2 / (2 * count)) / spread;
  const reach = (z / spread) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  // With none or all of them right the share is an end itself, which rounding must not pass.
  const low = share === 0 ? 0 : Math.max(centre - reach, 0);
  const high = share === 1 ? 1 : Math.min(centre + reach, 1);
  return [100 * low, 100 * high];
}
