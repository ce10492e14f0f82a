/** The neck of Vim's segmentation backbone: four taps of one stride become maps of strides 4, 8, 16 and 32. */
import { batchNorm, deconv2x2, type FeatureMap, gelu, type Parameters } from '@vssm/core/reference';
import { maxPool } from './resize.ts';

/** @param patchSize 16 or 8: from which stride the taps come */
export function vimNeck(
  parameter: Parameters,
  patchSize: number,
  taps: readonly FeatureMap[],
): readonly FeatureMap[] {
  const [first, second, third, fourth] = taps;
  const pool = (x: FeatureMap, side: number) => maxPool(x, side, side, 0);
  if (patchSize === 8) {
    return [deconv2x2(parameter, 'backbone.fpn1.0', first), second, pool(third, 2), pool(fourth, 4)];
  }
  const doubled = batchNorm(parameter, 'backbone.fpn1.1', deconv2x2(parameter, 'backbone.fpn1.0', first));
  const activated = { ...doubled, values: doubled.values.map(gelu) };
  return [
    deconv2x2(parameter, 'backbone.fpn1.3', activated),
    deconv2x2(parameter, 'backbone.fpn2.0', second),
    third,
    pool(fourth, 2),
  ];
}
