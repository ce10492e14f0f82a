/** What runs each family's blocks on the kernels; the one place of this package that names the families. */
import type { ModelFamily, ModelSpec, SpecOf } from '@vssm/families';
import { mambaRegMixing } from './mambareg/index.ts';
import type { Mixing } from './mixing.ts';
import { plainMambaMixing } from './plainmamba/index.ts';
import { videoMambaMixing } from './videomamba/index.ts';
import { vimMixing } from './vim/index.ts';

const mixings = {
  vim: vimMixing,
  plainmamba: plainMambaMixing,
  videomamba: videoMambaMixing,
  mambareg: mambaRegMixing,
} satisfies { [F in ModelFamily]: Mixing<SpecOf<F>> };

export function mixingOf<Spec extends ModelSpec>(spec: Spec): Mixing<Spec> {
  return mixings[spec.family] as Mixing<ModelSpec> as Mixing<Spec>;
}

export function canRunSegments(spec: ModelSpec): boolean {
  return mixingOf(spec).admits(spec);
}
