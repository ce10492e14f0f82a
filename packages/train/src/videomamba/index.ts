/** How a VideoMamba is trained: as a Vim, by its own traits. */
import { type VideoMambaSpec, videoMambaTraits } from '@vssm/families';
import { bidirectionalTraining } from '../vim/index.ts';

export const videoMambaTraining = bidirectionalTraining<VideoMambaSpec>(videoMambaTraits);
