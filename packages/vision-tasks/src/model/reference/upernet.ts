/** UPerHead (mmseg): pyramid pooling on the last tap, a top-down pathway over all, one fused map, class logits. */
import {
  addMaps,
  concatMaps,
  conv,
  type FeatureMap,
  normedConv,
  type Observer,
  type Parameters,
  relu,
} from '@vssm/core/reference';
import type { UperHeadSpec } from '../spec.ts';
import { adaptiveAveragePool, bilinear } from './resize.ts';

/**
 * @param taps the backbone's feature maps, finest first
 * @param observe told maps by mmseg's names: `ppm0`, `psp_bottleneck`, `lateral0`, `fpn0_in`, `fpn0`, `fpn_concat`, …
 * @returns logits [classes, H, W] at the size of the first tap
 */
export function uperHead(
  parameter: Parameters,
  { poolScales }: UperHeadSpec,
  taps: readonly FeatureMap[],
  observe: Observer = () => {},
): FeatureMap {
  const block = (name: string, x: FeatureMap, kernel: number) =>
    relu(normedConv(parameter, `decode_head.${name}`, x, kernel));
  const seen = (name: string, map: FeatureMap) => {
    observe(name, map.values);
    return map;
  };

  const top = taps.at(-1)!;
  const pooled = poolScales.map((side, i) => {
    const branch = seen(`ppm${i}`, block(`psp_modules.${i}.1`, adaptiveAveragePool(top, side), 1));
    return bilinear(branch, top.height, top.width);
  });
  const laterals = [
    ...taps.slice(0, -1).map((tap, i) => seen(`lateral${i}`, block(`lateral_convs.${i}`, tap, 1))),
    seen('psp_bottleneck', block('bottleneck', concatMaps([top, ...pooled]), 3)),
  ];
  for (let level = laterals.length - 1; level > 0; level--) {
    const finer = laterals[level - 1];
    laterals[level - 1] = addMaps(finer, bilinear(laterals[level], finer.height, finer.width));
  }
  const outputs = laterals.map((lateral, i) => {
    if (i === laterals.length - 1) return lateral;
    return seen(`fpn${i}`, block(`fpn_convs.${i}`, seen(`fpn${i}_in`, lateral), 3));
  });
  const [{ height, width }] = outputs;
  const fused = seen('fpn_concat', concatMaps(outputs.map((map) => bilinear(map, height, width))));
  return conv(
    parameter,
    'decode_head.conv_seg',
    seen('fpn_bottleneck', block('fpn_bottleneck', fused, 3)),
    1,
  );
}
