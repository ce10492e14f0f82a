/** VideoMamba (image models): Vim's blocks, the class token first, the directions added. */
import { everyChoice } from '@vssm/core';
import type { Family } from '../family.ts';
import { bidirectional } from '../vim/index.ts';
import type { BidirectionalTraits } from '../vim/traits.ts';
import { type VideoMambaModelName, type VideoMambaSpec, videoMambaModels } from './spec.ts';

export const videoMambaTraits: BidirectionalTraits<VideoMambaSpec> = {
  protectedTokens: () => [0],
  positionEmbedding: 'sequence',
  reduction: () => 1,
  share: 1,
  // Vim's odd number of kept tokens has a reason only where the class token stands in the middle.
  countRule: () => ({ others: { protectedTokens: 1 } }),
  plans: { ...everyChoice, choices: { ...everyChoice.choices, countClassToken: false } },
};

const weights = (file: string) => `OpenGVLab/VideoMamba, ${file}`;

export const videomamba: Family<VideoMambaSpec, VideoMambaModelName> = {
  ...bidirectional(videoMambaTraits),
  title: 'VideoMamba',
  models: videoMambaModels,
  published: {
    'videomamba-tiny': { title: 'VideoMamba-Ti', weights: weights('videomamba_t16_in1k_res224.pth') },
    'videomamba-small': { title: 'VideoMamba-S', weights: weights('videomamba_s16_in1k_res224.pth') },
    'videomamba-middle': { title: 'VideoMamba-M', weights: weights('videomamba_m16_in1k_res224.pth') },
    'videomamba-base': { title: 'VideoMamba-B', weights: weights('videomamba_b16_in1k_res224.pth') },
  },
  // Crop ratio .875, Pillow's bicubic, ImageNet's mean and deviation: to the letter.
  imageRecipe: 'vim-imagenet',
  segmentationRecipe: null,
  trainable: true,
  words: {
    evit: 'VideoMamba’s blocks are Vim’s: there it is the similarity to the class token’s, too.',
    evitNote:
      'The EViT rule is our reading of it for VideoMamba, which has no attention: ranked by the dot product with the class token.',
    schedules:
      'found by arithmetic alone: nobody has published a schedule of this paper’s method for VideoMamba',
    conv: null,
    paperFlops: 'one scan direction for VideoMamba, as for Vim',
  },
};
