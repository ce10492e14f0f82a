/** Vim's files: those of hustvl/Vim, or of whoever trained such a model. */
import type { FamilyCheckpoint } from '../../family.ts';
import type { VimSpec } from '../spec.ts';
import { inferBidirectional, isBidirectional, unusedByVim } from './infer.ts';

export const vimCheckpoint: FamilyCheckpoint<VimSpec> = {
  recognises: (tensors) => (isBidirectional(tensors) ? 'maybe' : 'no'),
  fileNames: /^vim_/,
  infer: (checkpoint, options) => ({ family: 'vim', ...inferBidirectional('Vim', checkpoint, options) }),
  unused: unusedByVim,
};
