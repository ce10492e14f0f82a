/** Vim's blocks on the kernels. */
import type { VimSpec } from '@vssm/families';
import { maxTaps, takesStates } from '@vssm/kernels';
import type { Mixing } from '../table.ts';
import { vimHooks } from './family.ts';
import { SequenceMixer } from './mixer.ts';

export const vimMixing: Mixing<VimSpec> = {
  admits: ({ stateSize, convKernel }) => takesStates(stateSize) && convKernel <= maxTaps,
  mixer: (context, range) => new SequenceMixer(context, range),
  hooks: vimHooks,
};
