/** How a Mamba-Reg is trained: as a Vim, by its own traits. */
import { type MambaRegSpec, mambaRegTraits } from '@vssm/families';
import { bidirectionalTraining } from '../vim/index.ts';

export const mambaRegTraining = bidirectionalTraining<MambaRegSpec>(mambaRegTraits);
