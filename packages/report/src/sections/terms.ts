/** The words of the report, each explained once, and links to the explanations from where they are used. */
import { families, modelFamilies } from '@vssm/families';
import { type Content, html, type Markup } from '../html.ts';
import { method, type Plan, type PlannedModel, planName } from '../plan-names.ts';

export const terms = {
  plan: [
    'pruned after@keep',
    '5,10,15@0.8: on leaving blocks 5, 10 and 15 (counted from 1), 80 % of the tokens there stay.',
  ],
  top: [
    'ToP',
    'the paper’s method as read here: tokens ranked by the clipped sum of the gated output, the state decayed over pruned tokens, the convolution reading original neighbours.',
  ],
  evit: [
    'EViT rule',
    `a rule made for ViTs. ${modelFamilies.map((family) => families[family].words.evit).join(' ')}`,
  ],
  random: ['random', 'tokens drawn at random, the same ones on every machine.'],
  released: [
    'released code',
    'the choices of the authors’ public code: backward branch only, plain sum, scores mirrored, class token moved to the middle.',
  ],
  dense: ['dense', 'the model as it was trained, no token pruned.'],
  alignment: [
    'none, decay, mask',
    'what the scan does about pruned tokens: nothing; the state still takes their transition; they stay as zeros (no time saved).',
  ],
  convolution: [
    'compact, positional',
    'what the convolution sees: the kept neighbours; or the original ones, zero where pruned.',
  ],
  importance: ['clipped sum, plain sum, l1, l2', 'how the channels of a token become its score.'],
  paperProfile: [
    'paper profile',
    'the count behind the published GFLOPs: linear and convolution layers in multiply-adds, one scan direction for Vim, norms and activations free.',
  ],
  strictProfile: [
    'strict profile',
    'the honest cost: two per multiply-add, one for every other operation, both scan directions, and the pruning itself.',
  ],
  promised: [
    'promised speed-up',
    'strict FLOPs of the dense model over those of the pruned one: what a machine limited by arithmetic would reach.',
  ],
  miniature: [
    'in miniature',
    'tried on a small model and a small data set, because the paper’s weights and images are not here. What comes out is true of that model; it is no measurement of the paper’s.',
  ],
  spread: [
    'spread, middle half',
    'of the rounds of a timing, from the 25th to the 75th percentile; ratios are taken within rounds.',
  ],
  disturbed: [
    'disturbed',
    'other programs used the processors during the timing, and repeating its rounds did not help: it decides nothing. Processor times are disturbed less than times by the clock.',
  ],
  interval: [
    '95 % interval',
    'Wilson score interval of a proportion; of the paired difference for two results on the same images; Welch’s t over the seeds for means of trainings, on one set of test images. Each is for itself: of twenty that hold no true difference, one will exclude zero.',
  ],
} as const satisfies Readonly<Record<string, readonly [name: string, meaning: string]>>;

export type Term = keyof typeof terms;

/** A word as a link to its explanation. */
export function term(name: Term, words: Content = terms[name][0]): Markup {
  return html`<a class="term" href="#term-${name}" title="${terms[name][1]}">${words}</a>`;
}

/** A plan's name, leading to what it means. */
export function planTerm(plan: Plan, model: PlannedModel, words: string = planName(plan, model)): Markup {
  const kind = method(plan, model);
  return term(kind === 'other' ? 'alignment' : kind, words);
}
