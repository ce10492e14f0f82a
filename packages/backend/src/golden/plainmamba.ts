/** The golden cases of the PlainMamba family: an even grid with a depthwise layer, and an odd, oblong one. */
import { denseCase, type GoldenCase, type GoldenDense, variantCases } from './case.ts';

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
