/**
 * PlainMamba's position embedding at the grid of the input. Where that is not the grid it was trained on, it is
 * resized as upstream does (torch.nn.functional.interpolate, bicubic, align_corners=False).
 */
import { resizeRows } from '@vssm/core/reference';
import { type PlainMambaSpec, plainMambaGrid } from './spec.ts';

/**
 * @param embedding backbone.pos_embed [positionRows · positionColumns, d]
 * @returns [L0, d]
 */
export function plainMambaPositionEmbedding(
  spec: PlainMambaSpec,
  embedding: ArrayLike<number>,
): Float64Array {
  const grid = plainMambaGrid(spec);
  const trained = { height: spec.positionRows, width: spec.positionColumns };
  if (grid.height === trained.height && grid.width === trained.width) return Float64Array.from(embedding);
  return resizeRows(embedding, spec.width, trained, grid);
}
