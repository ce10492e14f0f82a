/** Token importance: E channels of a signal become one number per token. */
import type { Reduction, ScoreOrder } from './plan.ts';

/**
 * @param signal [L, E]
 * @returns scores [L], token i's own
 */
export function reduceSignal(
  signal: Float64Array,
  length: number,
  channels: number,
  reduce: Reduction,
): Float64Array {
  const scores = new Float64Array(length);
  for (let token = 0; token < length; token++) {
    let score = 0;
    for (let channel = 0; channel < channels; channel++) {
      score += scoreContribution(signal[token * channels + channel], reduce);
    }
    scores[token] = reduce === 'l2' ? Math.sqrt(score) : score;
  }
  return scores;
}

/** One channel's share of the score, before l2's square root. */
export function scoreContribution(value: number, reduce: Reduction): number {
  switch (reduce) {
    case 'clip':
      return Math.max(0, value);
    case 'sum':
      return value;
    case 'l1':
      return Math.abs(value);
    case 'l2':
      return value * value;
    default:
      throw reduce satisfies never;
  }
}

/**
 * The EViT rule for a model without attention (our reading, see docs/method.md): the dot product of each
 * token's signal with a query's over the channels: the class token's signal for Vim, the mean token's for
 * PlainMamba.
 *
 * @param query [E]
 * @param signal [L, E]
 */
export function similarityTo(query: Float64Array, signal: Float64Array): Float64Array {
  const channels = query.length;
  return Float64Array.from({ length: signal.length / channels }, (_, token) => {
    let dot = 0;
    for (let channel = 0; channel < channels; channel++)
      dot += query[channel] * signal[token * channels + channel];
    return dot;
  });
}

/** `mirrored` gives token i the score of token L-1-i; `aligned` leaves each score in its own place. */
export function orderScores(scores: Float64Array, order: ScoreOrder): Float64Array {
  return order === 'mirrored' ? scores.slice().reverse() : scores;
}
