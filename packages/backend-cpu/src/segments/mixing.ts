/** What a family gives the segments form: what runs its blocks on the kernels. */
import type { ModelSpec } from '@vssm/families';
import type { FamilyContext, Hooks } from './family.ts';
import type { ChannelRange, Mixer, MixerContext } from './mixer.ts';

export interface Mixing<Spec extends ModelSpec> {
  /** Whether the kernels take a model's shapes; another runs as a whole graph. */
  admits(spec: Spec): boolean;
  /** The kernels' work in a block, for some of the channels, on the calling thread. */
  mixer(context: MixerContext<Spec>, range: ChannelRange): Mixer;
  /** What happens around a pruning step and at the head. */
  hooks(context: FamilyContext<Spec>): Hooks;
}
