/**
 * How close a pruned model stays to the dense one where no labels are known: agreement of the best class, the
 * Kullback-Leibler divergence of the softmax, and the cosine of two vectors such as the final tokens.
 */
import { type Logits, topK } from './top-k.ts';

export interface FidelitySummary {
  /** Percent of images with the same best class. */
  readonly agreement: number;
  /** Mean of KL(softmax of dense || softmax of pruned), nats. */
  readonly divergence: number;
  /** Number of images. */
  readonly count: number;
}

/** Compares the logits of two models, batch by batch. */
export class Fidelity {
  #count = 0;
  #agreed = 0;
  #divergence = 0;

  /** Both [rows, classes]. */
  add(dense: Logits, pruned: Logits, classes: number): void {
    for (let start = 0; start < dense.length; start += classes) {
      const denseRow = dense.slice(start, start + classes);
      const prunedRow = pruned.slice(start, start + classes);
      this.#count++;
      if (topK(denseRow, classes, 1)[0] === topK(prunedRow, classes, 1)[0]) this.#agreed++;
      this.#divergence += klDivergence(denseRow, prunedRow);
    }
  }

  /** NaN as long as nothing was counted. */
  summary(): FidelitySummary {
    return {
      agreement: (100 * this.#agreed) / this.#count,
      divergence: this.#divergence / this.#count,
      count: this.#count,
    };
  }
}

/** KL(softmax(dense) || softmax(pruned)) of two rows of logits, in nats; never below 0. */
export function klDivergence(dense: Logits, pruned: Logits): number {
  const p = logSoftmax(dense);
  const q = logSoftmax(pruned);
  let sum = 0;
  for (let label = 0; label < p.length; label++) sum += Math.exp(p[label]) * (p[label] - q[label]);
  return Math.max(sum, 0);
}

/** Cosine of the angle between two vectors of one length; NaN if either is zero. */
export function cosine(a: Logits, b: Logits): number {
  let product = 0;
  let aSquared = 0;
  let bSquared = 0;
  for (let at = 0; at < a.length; at++) {
    product += a[at] * b[at];
    aSquared += a[at] ** 2;
    bSquared += b[at] ** 2;
  }
  return product / Math.sqrt(aSquared * bSquared);
}

function logSoftmax(logits: Logits): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const shift = largest + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - shift);
}
