import type { Classified } from './classifier.ts';

/** Class of the largest logit, and its softmax probability. */
export function bestClass(logits: Classified['logits']): {
  readonly index: number;
  readonly probability: number;
} {
  let index = 0;
  for (let at = 1; at < logits.length; at++) if (logits[at] > logits[index]) index = at;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - logits[index]);
  return { index, probability: 1 / sum };
}
