/** Mamba-Reg: Vim's blocks with registers among the patches, and a classifier that reads them all. */
import { everyChoice, UserError } from '@vssm/core';
import type { Family } from '../family.ts';
import { bidirectional } from '../vim/index.ts';
import type { BidirectionalTraits } from '../vim/traits.ts';
import {
  checkMambaRegShape,
  type MambaRegModelName,
  type MambaRegSpec,
  mambaRegModels,
  mambaRegParameters,
  registerPositions,
} from './spec.ts';

export const mambaRegTraits: BidirectionalTraits<MambaRegSpec> = {
  protectedTokens: registerPositions,
  positionEmbedding: 'apart',
  reduction: ({ reduction }) => reduction,
  share: 1 / 2,
  countRule: ({ registers }) => ({ others: { protectedTokens: registers } }),
  // There is no class token to count or to put in the middle.
  plans: {
    ...everyChoice,
    choices: {
      ...everyChoice.choices,
      countClassToken: false,
      recentred: false,
      proportional: false,
    },
  },
};

export const mambareg: Family<MambaRegSpec, MambaRegModelName> = {
  ...bidirectional(mambaRegTraits),
  title: 'Mamba-Reg',
  models: mambaRegModels,
  published: {
    'mambareg-tiny': { title: 'Mamba-Reg-T', weights: 'nowhere: upstream has its code only' },
    'mambareg-small': {
      title: 'Mamba-Reg-S',
      weights: 'Wangf3014/Mamba-Reg, mambar_small_patch16_224.pth',
    },
    'mambareg-base': { title: 'Mamba-Reg-B', weights: 'Wangf3014/Mamba-Reg, mambar_base_patch16_224.pth' },
    'mambareg-large': {
      title: 'Mamba-Reg-L',
      weights: 'Wangf3014/Mamba-Reg, mambar_large_patch16_224.pth',
    },
  },
  parameters: mambaRegParameters,
  limits: ({ stride, registers, reduction }) => [
    ['stride', stride, 1 << 12],
    ['registers', registers, 1024],
    ['reduction of the neck', reduction, 8192],
  ],
  check: checkMambaRegShape,
  resized(spec, { height, width }, stride) {
    if (stride !== undefined) {
      throw new UserError(`stride ${stride}: a Mamba-Reg has none; its patches never overlap`);
    }
    return { ...spec, imageHeight: height, imageWidth: width };
  },
  imageRecipe: 'mambareg-imagenet',
  segmentationRecipe: null,
  trainable: true,
  words: {
    evit: 'Mamba-Reg has registers in place of a class token: there it is the similarity to the mean of theirs.',
    evitNote:
      'The EViT rule is our reading of it for Mamba-Reg, which has neither attention nor a single class token: ranked by the dot product with the mean of the registers.',
    schedules:
      'found by arithmetic alone: nobody has published a schedule of this paper’s method for Mamba-Reg',
    conv: null,
    paperFlops: 'one scan direction for Mamba-Reg, as for Vim',
  },
};
