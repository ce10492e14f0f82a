/** PlainMamba as layers that can be entered and left: what the backbones of detectors and segmenters are made of. */
import type { Alignment } from '@vssm/core';
import type { FeatureMap, Observer, Parameters } from '@vssm/core/reference';
import {
  type PlainMambaLayerOutput,
  type PlainMambaSpec,
  plainMambaLayer,
  plainMambaPass,
  plainMambaTokens,
} from '@vssm/families';

/** A PlainMamba that is run layer by layer. */
export interface PlainMambaBlocks {
  readonly spec: PlainMambaSpec;
  /** Pixels [C, H, W] → tokens [cells, d], position embedding included. */
  embed(image: FeatureMap): Float64Array;
  /**
   * @param tokens [K, d]
   * @param positions [K]: raster index of each token's cell, rising
   */
  layer(layer: number, tokens: Float64Array, positions: Int32Array): PlainMambaLayerOutput;
}

/** The layers with their parameters. @param parameter by upstream's names, without prefix */
export function plainMambaBlocks(
  spec: PlainMambaSpec,
  parameter: Parameters,
  alignment: Alignment,
  observe: Observer = () => {},
): PlainMambaBlocks {
  const pass = plainMambaPass(spec, parameter, { alignment }, observe);
  return {
    spec,
    embed: (image) => plainMambaTokens(pass, image.values),
    layer: (layer, tokens, positions) => plainMambaLayer(pass, layer, tokens, positions),
  };
}
