/** What runs each family's blocks on the kernels; the one place of this package that names the families. */
import type { ModelFamily, ModelSpec, SpecOf } from '@vssm/families';
import type { FamilyContext, Hooks } from './family.ts';
import type { ChannelRange, Mixer, MixerContext } from './mixer.ts';
import { plainMambaMixing } from './plainmamba/index.ts';
import { vimMixing } from './vim/index.ts';

export interface Mixing<Spec extends ModelSpec> {
  /** Whether the kernels take a model's shapes; another runs as a whole graph. */
  admits(spec: Spec): boolean;
  /** The kernels' work in a block, for some of the channels, on the calling thread. */
  mixer(context: MixerContext<Spec>, range: ChannelRange): Mixer;
  /** What happens around a pruning step and at the head. */
  hooks(context: FamilyContext<Spec>): Hooks;
}

const mixings = {
  vim: vimMixing,
  plainmamba: plainMambaMixing,
} satisfies { [F in ModelFamily]: Mixing<SpecOf<F>> };

export function mixingOf<Spec extends ModelSpec>(spec: Spec): Mixing<Spec> {
  return mixings[spec.family] as Mixing<ModelSpec> as Mixing<Spec>;
}

export function canRunSegments(spec: ModelSpec): boolean {
  return mixingOf(spec).admits(spec);
}
