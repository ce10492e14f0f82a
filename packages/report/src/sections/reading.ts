/** The words and signs of the report. */
import { html } from '../html.ts';
import type { Context, Section } from './section.ts';

export function reading({ evidence }: Context): Section | null {
  const { accuracy, speed, executions, tables } = evidence;
  if (accuracy.length + speed.length + executions.length + tables.length === 0) return null;
  const terms: readonly (readonly [string, string])[] = [
    [
      'pruned after@keep',
      '5,10,15@0.8: on leaving blocks 5, 10 and 15 (counted from 1), 80 % of the tokens there stay.',
    ],
    [
      'ToP',
      'the paper’s method as read here: tokens ranked by the clipped sum of the gated output, the state decayed over pruned tokens, the convolution reading original neighbours.',
    ],
    [
      'EViT rule',
      'a rule made for ViTs. Vim has no attention, so it is read as the similarity of a token’s gated output to the class token’s.',
    ],
    ['random', 'tokens drawn at random, the same ones on every machine.'],
    [
      'released code',
      'the choices of the authors’ public code: backward branch only, plain sum, scores mirrored, class token moved to the middle.',
    ],
    [
      'none, decay, mask',
      'what the scan does about pruned tokens: nothing; the state still takes their transition; they stay as zeros (no time saved).',
    ],
    [
      'compact, positional',
      'what the convolution sees: the kept neighbours; or the original ones, zero where pruned.',
    ],
    ['clipped sum, plain sum, l1, l2', 'how the channels of a token become its score.'],
    [
      'spread, middle half',
      'of the rounds of a timing, from the 25th to the 75th percentile; ratios are taken within rounds.',
    ],
    [
      '95 % interval',
      'Wilson score interval of a proportion; for differences, of the paired difference on the same images.',
    ],
  ];
  return {
    id: 'reading',
    title: 'How to read this',
    body: html`<dl class="facts wide">${terms.map(([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>`)}</dl>`,
  };
}
