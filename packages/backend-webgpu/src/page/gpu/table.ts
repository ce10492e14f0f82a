/** Each family's mixer; the one place of this backend that names the families. */
import type { ModelFamily, ModelSpec, SpecOf } from '@vssm/families';
import { createMambaRegMixer } from './mambareg-mixer.ts';
import type { Mixer, MixerContext } from './mixer.ts';
import { createPlainMambaMixer } from './plainmamba-mixer.ts';
import { createVideoMambaMixer } from './videomamba-mixer.ts';
import { createBidirectionalMixer } from './vim-mixer.ts';

const mixers = {
  vim: createBidirectionalMixer,
  plainmamba: createPlainMambaMixer,
  videomamba: createVideoMambaMixer,
  mambareg: createMambaRegMixer,
} satisfies { [F in ModelFamily]: (context: MixerContext<SpecOf<F>>) => Mixer };

export function createMixer(context: MixerContext<ModelSpec>): Mixer {
  const create = mixers[context.spec.family] as (context: MixerContext<ModelSpec>) => Mixer;
  return create(context);
}
