/** Vim (Vision Mamba): two directions, averaged, and the class token in the middle. */
import { everyChoice } from '@vssm/core';
import type { Family } from '../family.ts';
import { bidirectionalFlops } from './flops.ts';
import { bidirectionalReference } from './reference.ts';
import {
  checkVimShape,
  patchCount,
  patchGrid,
  type VimModelName,
  type VimSpec,
  vimModels,
  vimParameters,
} from './spec.ts';
import type { BidirectionalSpec, BidirectionalTraits } from './traits.ts';

export const vimTraits: BidirectionalTraits = {
  // use_middle_cls_token
  protectedTokens: (spec) => [classTokenPosition(spec)],
  positionEmbedding: 'sequence',
  reduction: () => 1,
  // if_divide_out
  share: 1 / 2,
  countRule: (_, { countClassToken }) => (countClassToken ? 'class-token-counted' : 'class-token'),
  plans: everyChoice,
};

/** What a family of bidirectional blocks is, but for its name, its models and its words. @public */
export function bidirectional<Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>) {
  return {
    layout: (spec) => ({ grid: patchGrid(spec), protectedTokens: traits.protectedTokens(spec) }),
    parameters: vimParameters,
    buffers: () => new Map(),
    limits: ({ stride }) => [['stride', stride, 1 << 12]],
    check: checkVimShape,
    resized: (spec, { height, width }, stride = spec.stride) => ({
      ...spec,
      imageHeight: height,
      imageWidth: width,
      stride,
    }),
    plans: traits.plans,
    countRule: traits.countRule,
    reference: bidirectionalReference(traits),
    flops: bidirectionalFlops(traits),
  } satisfies Partial<Family<Spec>>;
}

export const vim: Family<VimSpec, VimModelName> = {
  ...bidirectional<VimSpec>(vimTraits),
  title: 'Vim',
  models: vimModels,
  published: {
    'vim-tiny': { title: 'Vim-T', weights: 'hustvl/Vim-tiny-midclstok, vim_t_midclstok_76p1acc.pth' },
    'vim-small': { title: 'Vim-S', weights: 'hustvl/Vim-small-midclstok, vim_s_midclstok_80p5acc.pth' },
    'vim-base': { title: 'Vim-B', weights: 'hustvl/Vim-base-midclstok, vim_b_midclstok_81p9acc.pth' },
  },
  imageRecipe: 'vim-imagenet',
  segmentationRecipe: 'vim-ade20k',
  trainable: true,
  words: {
    evit: 'Vim has no attention, so it is read as the similarity of a token’s gated output to the class token’s.',
    evitNote:
      'The EViT rule is our reading of it for Vim, which has no attention: ranked by the dot product with the class token.',
    schedules: 'found by arithmetic alone: that a schedule fits does not make it the one the paper used',
    conv: null,
    paperFlops: 'one scan direction for Vim',
  },
};

/** Position of Vim's class token in the unpruned sequence: after half of the patches. */
export function classTokenPosition(spec: Omit<VimSpec, 'family'>): number {
  return Math.floor(patchCount(spec) / 2);
}
