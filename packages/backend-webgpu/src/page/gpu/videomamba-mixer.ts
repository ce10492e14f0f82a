/** VideoMamba's convolution and scans on the device: Vim's. */
import type { SpecOf } from '@vssm/families';
import type { Mixer, MixerContext } from './mixer.ts';
import { createBidirectionalMixer } from './vim-mixer.ts';

export function createVideoMambaMixer(context: MixerContext<SpecOf<'videomamba'>>): Mixer {
  return createBidirectionalMixer(context);
}
