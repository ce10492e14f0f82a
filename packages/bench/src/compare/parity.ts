/** How close a backend's answers are to the reference's: logits, first answers, and which tokens were kept. */
import { type Classified, Unanswered } from '@vssm/backend';
import type { ComparisonRecord } from '@vssm/results';
import type { ReferenceAnswer, ScoredStep } from './reference-answers.ts';

type Measured = Extract<ComparisonRecord['outcome'], { state: 'measured' }>;
export type Parity = Measured['parity'];

/**
 * Backends are held to 1e-5 of the largest logit by the conformance suite; scores are sums like logits, so two of
 * them that are closer than this share of the step's largest may change places in float32. Products of float16, of eleven
 * bits, are held to 1 %.
 */
export const tieMargins = { float32: 1e-5, half: 1e-2 } as const;

/** Adds up answers of one backend, image by image. */
export class ParityCount {
  #images = 0;
  #failed = 0;
  #max = 0;
  #sum = 0;
  #values = 0;
  #largestLogit = 0;
  #sameTop1 = 0;
  readonly #tieMargin: number;
  readonly #kept = { images: 0, ties: 0, positions: 0, total: 0, largestMargin: 0 };

  /** @param half whether the backend's products are float16 */
  constructor(half = false) {
    this.#tieMargin = half ? tieMargins.half : tieMargins.float32;
  }

  /** @param expected what the reference says of the same image */
  add(answer: Classified | Unanswered, expected: ReferenceAnswer): void {
    if (answer instanceof Unanswered) this.#failed++;
    else this.#addImage(answer, expected);
  }

  #addImage({ logits: own, kept }: Classified, answer: ReferenceAnswer): void {
    this.#images++;
    this.#values += own.length;
    for (const [index, expected] of answer.logits.entries()) {
      const difference = Math.abs(own[index] - expected);
      this.#max = Math.max(this.#max, difference);
      this.#sum += difference;
      this.#largestLogit = Math.max(this.#largestLogit, Math.abs(expected));
    }
    if (firstAnswer(own) === firstAnswer(answer.logits)) this.#sameTop1++;
    for (const { kept: expected } of answer.steps) this.#kept.total += expected.size;
    for (const step of answer.steps) {
      const difference = keptDifference(step, new Set(kept.get(step.after)!));
      if (difference === null) continue;
      this.#kept.images++;
      this.#kept.positions += difference.positions;
      this.#kept.largestMargin = Math.max(this.#kept.largestMargin, difference.margin);
      if (difference.margin <= this.#tieMargin) this.#kept.ties++;
      // What follows is another sequence: its scores are not comparable.
      break;
    }
  }

  result(): Parity {
    const { total, ...kept } = this.#kept;
    return {
      images: this.#images,
      failed: this.#failed,
      maxDifference: this.#max,
      meanDifference: this.#values === 0 ? 0 : this.#sum / this.#values,
      largestLogit: this.#largestLogit,
      sameTop1: this.#sameTop1,
      kept: total === 0 ? null : { ...kept, total, tieMargin: this.#tieMargin },
    };
  }
}

/**
 * Null where the same tokens are kept. The margin is between the best-scored token that only the reference kept
 * and the worst-scored one that it pruned, as a share of the step's largest |score|.
 */
export function keptDifference(
  { scores, kept }: ScoredStep,
  positions: ReadonlySet<number>,
): { readonly positions: number; readonly margin: number } | null {
  const lost = [...kept].filter((position) => !positions.has(position));
  const gained = [...positions].filter((position) => !kept.has(position));
  if (lost.length === 0 && gained.length === 0) return null;
  const scoreOf = (position: number) => scores.get(position) ?? Number.NaN;
  const highest = Math.max(...lost.map(scoreOf));
  const lowest = Math.min(...gained.map(scoreOf));
  const scale = [...scores.values()].reduce((most, score) => Math.max(most, Math.abs(score)), 0);
  const margin = (highest - lowest) / scale;
  // A token that could not be chosen at all, or another number of them, is no tie.
  return { positions: gained.length, margin: Number.isFinite(margin) ? margin : 1 };
}

/** Index of the largest logit; of equals the first. */
export function firstAnswer(logits: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < logits.length; index++) if (logits[index] > logits[best]) best = index;
  return best;
}
