/** The families as ONNX. */
import type { FamilyGraphs } from '../family.ts';
import { mambaRegGraphs } from '../mambareg/graph.ts';
import { plainMambaGraphs } from '../plainmamba/graph/index.ts';
import { entryOf, type ModelFamily, type ModelSpec, type SpecOf } from '../table.ts';
import { videoMambaGraphs } from '../videomamba/graph.ts';
import { vimGraphs } from '../vim/graph/index.ts';

const familyGraphs = {
  vim: vimGraphs,
  plainmamba: plainMambaGraphs,
  videomamba: videoMambaGraphs,
  mambareg: mambaRegGraphs,
} satisfies { [F in ModelFamily]: FamilyGraphs<SpecOf<F>> };

/** How the model's family writes ONNX. */
export function graphsOf<Spec extends ModelSpec>(spec: Pick<Spec, 'family'>): FamilyGraphs<Spec> {
  return entryOf(familyGraphs, spec);
}
