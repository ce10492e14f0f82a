/** Variants of PlainMamba that compute something else, and files that hold more than a classifier. */
import type { Unsupported } from '../../checkpoint/refuse.ts';

export const unsupportedPlainMambas: readonly Unsupported[] = [
  {
    names: /^(decode_head|auxiliary_head)\./,
    what: 'is a segmentation model around a PlainMamba backbone',
    advice: 'is not a classifier; vssm segment takes it',
  },
  {
    names:
      /^(neck|rpn_head|roi_head|bbox_head|mask_head)\.|^backbone\.(spm|interactions|level_embed|up|ad_norm\d)\b/,
    what: 'is a detection model around a PlainMamba backbone',
    advice: 'is not a classifier; vssm detect takes it',
  },
  { names: /^backbone\.cls_token$/, what: 'is a PlainMamba with a class token' },
  { names: /^backbone\.layers\.\d+\.(mamba\.)?gamma$/, what: 'is a PlainMamba with layer scale' },
];
