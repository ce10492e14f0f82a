/** The families as ONNX. */
import type { FamilyGraphs } from '../family.ts';
import { plainMambaGraphs } from '../plainmamba/graph/index.ts';
import { entryOf, type ModelFamily, type ModelSpec, type SpecOf } from '../table.ts';
import { vimGraphs } from '../vim/graph/index.ts';

const familyGraphs = {
  vim: vimGraphs,
  plainmamba: plainMambaGraphs,
} satisfies { [F in ModelFamily]: FamilyGraphs<SpecOf<F>> };

/** How the model's family writes ONNX. */
export function graphsOf<Spec extends ModelSpec>(spec: Pick<Spec, 'family'>): FamilyGraphs<Spec> {
  return entryOf(familyGraphs, spec);
}
