/** Tokens leave at random; the same ones for an image wherever it runs. */
import { randomScores } from '../random.ts';
import type { Rule } from './rule.ts';

export function randomRule(seed: number): Rule {
  return {
    name: 'random',
    signals: [],
    flops: () => 0,
    score({ positions, fullLength, sample, step }) {
      const scores = randomScores(seed, sample, step, fullLength);
      return Float64Array.from(positions, (position) => scores[position]);
    },
  };
}
