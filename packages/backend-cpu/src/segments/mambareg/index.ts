/** Mamba-Reg's blocks on the kernels: Vim's. */
import type { SpecOf } from '@vssm/families';
import { bidirectionalMixing } from '../vim/index.ts';

export const mambaRegMixing = bidirectionalMixing<SpecOf<'mambareg'>>();
