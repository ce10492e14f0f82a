/** Files of other models, and variants of Vim that compute something else, each told by a name. */
import { UserError, type Weights } from '@vssm/core';
import { quoted } from '../tensor-names.ts';

const others: readonly { readonly names: RegExp; readonly what: string }[] = [
  { names: /^backbone\.layers\.\d+\.mamba\./, what: 'is a PlainMamba checkpoint, another model family' },
  { names: /^backbone\./, what: 'holds a backbone inside a detection or segmentation model' },
  { names: /^cls_token_(head|tail)$/, what: 'is a Vim with two class tokens' },
  { names: /^dist_token$/, what: 'is a Vim with a distillation token' },
  { names: /^rope\./, what: 'is a Vim with rotary position embedding' },
  { names: /^layers\.\d+\.norm\.bias$/, what: 'is a Vim with LayerNorm instead of RMSNorm' },
  { names: /^layers\.\d+\.mixer\.gamma$/, what: 'is a Vim with layer scale' },
  { names: /^layers\.\d+\.mixer\.(in|out)_proj\.bias$/, what: 'is a Vim with biases in its projections' },
];

export function refuseOtherModels(tensors: Weights): void {
  for (const { names, what } of others) {
    for (const name of tensors.keys()) {
      if (names.test(name)) {
        throw new UserError(`${what} (it has ${quoted(name)}), which is not supported`);
      }
    }
  }
}
