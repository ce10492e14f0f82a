/** PlainMamba's layers on the kernels. */
import { type PlainMambaSpec, plainMambaGrid } from '@vssm/families';
import { takesGrid, takesStates } from '@vssm/kernels';
import type { Mixing } from '../mixing.ts';
import { plainMambaHooks } from './family.ts';
import { GridMixer } from './mixer.ts';

export const plainMambaMixing: Mixing<PlainMambaSpec> = {
  admits(spec) {
    const { height: rows, width: columns } = plainMambaGrid(spec);
    // The 3x3 convolution that some layers end in fits wherever the mixer's does.
    return takesStates(spec.stateSize) && takesGrid({ kernel: spec.convKernel, rows, columns });
  },
  mixer: (context, range) => new GridMixer(context, range),
  hooks: plainMambaHooks,
};
