/** What the trace and the float64 reference of an UperNet in training have in common. */

/** What the auxiliary head's loss counts beside the other one's (mmseg's configurations). */
export const auxiliaryShare = 0.4;

/** Of the taps' LayerNorms. */
export const tapEpsilon = 1e-6;

/** The LayerNorm over the tokens after a layer, counted from 0. */
export function normOfTap(layer: number, depth: number): string {
  return layer === depth - 1 ? 'backbone.ln1' : `backbone.norm_layer${layer}`;
}
