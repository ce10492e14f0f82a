/** PlainMamba: four snakes over the grid, no class token, the mean over all tokens. */
import { UserError } from '@vssm/core';
import type { Family } from '../family.ts';
import { plainMambaFlops } from './flops.ts';
import { plainMambaReference } from './reference.ts';
import {
  checkPlainMambaShape,
  type PlainMambaModelName,
  type PlainMambaSpec,
  plainMambaBuffers,
  plainMambaGrid,
  plainMambaModels,
  plainMambaParameters,
} from './spec.ts';

export const plainmamba: Family<PlainMambaSpec, PlainMambaModelName> = {
  title: 'PlainMamba',
  models: plainMambaModels,
  published: {
    'plainmamba-l1': { title: 'PlainMamba-L1', weights: 'ChenhongyiYang/PlainMamba, l1.pth' },
    'plainmamba-l2': { title: 'PlainMamba-L2', weights: 'ChenhongyiYang/PlainMamba, l2.pth' },
    'plainmamba-l3': { title: 'PlainMamba-L3', weights: 'ChenhongyiYang/PlainMamba, l3.pth' },
  },
  layout: (spec) => ({ grid: plainMambaGrid(spec), protectedTokens: [] }),
  parameters: plainMambaParameters,
  buffers: plainMambaBuffers,
  limits: ({ stemWidth, positionRows, positionColumns }) => [
    ['stem width', stemWidth, 8192],
    ['position rows', positionRows, 1 << 12],
    ['position columns', positionColumns, 1 << 12],
  ],
  check: checkPlainMambaShape,
  resized(spec, { height, width }, stride) {
    if (stride !== undefined) {
      throw new UserError(`stride ${stride}: a PlainMamba has none; its cells never overlap`);
    }
    return { ...spec, imageHeight: height, imageWidth: width };
  },
  plans: {
    choices: {
      recentred: false,
      proportional: false,
      mirrored: false,
      'gated-backward': false,
      compact: false,
      storm: true,
      countClassToken: false,
    },
    // Its convolution runs on the grid.
    convUnderNone: 'positional',
  },
  countRule: () => 'every-token',
  imageRecipe: 'plainmamba-imagenet',
  segmentationRecipe: 'plainmamba-ade20k',
  trainable: true,
  words: {
    evit: 'PlainMamba has no class token either: there it is the similarity to the mean token’s.',
    evitNote:
      'The EViT rule is our reading of it for PlainMamba, which has neither attention nor a class token: ranked by the dot product with the mean token.',
    schedules:
      "the paper's own PlainMamba schedule is not known: many fit, and none of these is presented as the paper's",
    conv: 'positional only',
    paperFlops: 'all four of PlainMamba',
  },
  reference: plainMambaReference,
  flops: plainMambaFlops,
};
