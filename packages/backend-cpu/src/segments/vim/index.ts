/** Vim's blocks on the kernels. */
import type { BidirectionalModel, VimSpec } from '@vssm/families';
import { maxTaps, takesStates } from '@vssm/kernels';
import type { Mixing } from '../mixing.ts';
import { vimHooks } from './family.ts';
import { SequenceMixer } from './mixer.ts';

/** For any family of bidirectional blocks whose classifier reads the protected tokens. @public */
export function bidirectionalMixing<Spec extends BidirectionalModel>(): Mixing<Spec> {
  return {
    admits: ({ stateSize, convKernel }) => takesStates(stateSize) && convKernel <= maxTaps,
    mixer: (context, range) => new SequenceMixer(context, range),
    hooks: vimHooks,
  };
}

export const vimMixing = bidirectionalMixing<VimSpec>();
