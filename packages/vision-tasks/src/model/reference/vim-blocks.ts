/** Vim as blocks that can be entered and left, for its segmentation backbone: without class token. */
import type { PruningPlan } from '@vssm/core';
import { add, type FeatureMap, type Parameters } from '@vssm/core/reference';
import { type VimBlockOutput, type VimSpec, vimBlock, vimPatches, vimTraits } from '@vssm/families';

/** A Vim that is run block by block. */
export interface VimBlocks {
  /** Pixels [C, H, W] → tokens [cells, d] without and with the position embedding. */
  embed(image: FeatureMap): { readonly patches: Float64Array; readonly tokens: Float64Array };
  /**
   * RMSNorm and mixer of one block.
   *
   * @param residual [K, d], the sum that enters the norm
   * @param positions [K]: raster index of each token's cell, rising
   */
  block(block: number, residual: Float64Array, positions: Int32Array): VimBlockOutput;
}

/** The blocks with their parameters. @param parameter by upstream's names; the backbone's begin with `backbone.` */
export function vimBlocks(
  spec: VimSpec,
  parameter: Parameters,
  plan: Pick<PruningPlan, 'alignment' | 'conv'>,
): VimBlocks {
  const own: Parameters = (name) => parameter(`backbone.${name}`);
  const pass = { spec, share: vimTraits.share, plan, parameter: own, observe: () => {} };
  return {
    embed: (image) => {
      const patches = vimPatches(spec, own, image.values);
      return { patches, tokens: add(patches, own('pos_embed')) };
    },
    block: (block, residual, positions) => vimBlock(pass, block, residual, positions),
  };
}
