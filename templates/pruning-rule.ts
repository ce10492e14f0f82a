/**
 * A pruning rule, to be copied: rename it, change what it reads and returns, and run it with --rule ./my-rule.ts
 * (docs/adding-a-pruning-rule.md). The type's own file says what every signal is: packages/core/src/pruning/rules/rule.ts.
 */
import type { Rule } from '@vssm/core/rule';

export default {
  name: 'gated-magnitude',
  explanation: 'The largest magnitude of a token’s gated output.',
  signals: ['gated'],
  score({ length, channels, gated }) {
    const scores = new Float64Array(length);
    for (let i = 0; i < gated.length; i++) {
      const token = Math.floor(i / channels);
      scores[token] = Math.max(scores[token], Math.abs(gated[i]));
    }
    return scores;
  },
  // Strict FLOPs of one image at one step: a magnitude and a comparison for each element.
  flops: ({ length, channels }) => 2 * length * channels,
} satisfies Rule<'gated'>;
