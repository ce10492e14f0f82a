/** The golden cases of the PlainMamba family: an even grid with a depthwise layer, and an odd, oblong one. */
import { plainMambaSpec } from '@vssm/families';
import { denseCase, type GoldenCase, type GoldenDense, variantCases } from './case.ts';

/** Its position embedding is resized, its last cells padded. */
export const plainMambaOddShape = plainMambaSpec({
  width: 24,
  depth: 3,
  imageHeight: 19,
  imageWidth: 30,
  inChannels: 1,
  patchSize: 4,
  stemWidth: 8,
  stemConvs: 2,
  stateSize: 8,
  depthwiseLayers: [1],
  positionRows: 4,
  positionColumns: 4,
  classes: 5,
});

export async function plainMambaGoldenCases(): Promise<readonly GoldenCase[]> {
  const [e, e2] = await Promise.all([goldenE(), goldenE2()]);
  return [
    ...[e, e2],
    ...(await variantCases('variants_e.json', e)),
    ...(await variantCases('variants_e2.json', e2)),
  ];
}

/** E: dense, 8x8 cells. */
export function goldenE(): Promise<GoldenDense> {
  return denseCase('E', 'e_plainmamba_micro.safetensors');
}

/** E2: dense, 3x5 cells. */
export function goldenE2(): Promise<GoldenDense> {
  return denseCase('E2', 'e2_plainmamba_micro_odd.safetensors');
}
