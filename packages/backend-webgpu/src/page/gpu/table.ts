/** Each family's mixer; the one place of this backend that names the families. */
import type { ModelFamily, ModelSpec, SpecOf } from '@vssm/families';
import type { Mixer, MixerContext } from './mixer.ts';
import { createPlainMambaMixer } from './plainmamba-mixer.ts';
import { createVimMixer } from './vim-mixer.ts';

const mixers = {
  vim: createVimMixer,
  plainmamba: createPlainMambaMixer,
} satisfies { [F in ModelFamily]: (context: MixerContext<SpecOf<F>>) => Mixer };

export function createMixer(context: MixerContext<ModelSpec>): Mixer {
  const create = mixers[context.spec.family] as (context: MixerContext<ModelSpec>) => Mixer;
  return create(context);
}
