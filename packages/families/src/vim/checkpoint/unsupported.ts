/** Variants of Vim that compute something else, and files that hold more than Vim. */
import type { Unsupported } from '../../checkpoint/refuse.ts';

export const unsupportedVims: readonly Unsupported[] = [
  { names: /^layers\.\d+\.mamba\./, what: 'holds the backbone of a PlainMamba without its classifier' },
  {
    names: /^backbone\./,
    what: 'holds a backbone inside a detection or segmentation model',
    advice: 'is not a classifier; vssm segment takes an UperNet',
  },
  {
    names: /^temporal_pos_embedding$/,
    what: 'is a VideoMamba for video',
    advice: 'takes clips of frames; of VideoMamba the image models run here',
  },
  { names: /^cls_token_(head|tail)$/, what: 'is a Vim with two class tokens' },
  { names: /^dist_token$/, what: 'is a Vim with a distillation token' },
  { names: /^rope\./, what: 'is a Vim with rotary position embedding' },
  { names: /^layers\.\d+\.norm\.bias$/, what: 'is a Vim with LayerNorm instead of RMSNorm' },
  { names: /^layers\.\d+\.mixer\.gamma$/, what: 'is a Vim with layer scale' },
  { names: /^layers\.\d+\.mixer\.(in|out)_proj\.bias$/, what: 'is a Vim with biases in its projections' },
];
