/** The golden cases of the Mamba-Reg family: registers with a neck on an oblong grid, and without one on a square grid. */
import { mambaRegSpec } from '@vssm/families';
import { denseCase, type GoldenCase, type GoldenDense, variantCases } from './case.ts';

export const mambaRegOddShape = mambaRegSpec({
  width: 24,
  depth: 3,
  imageHeight: 12,
  imageWidth: 20,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  stateSize: 8,
  classes: 5,
  registers: 3,
  reduction: 3,
});

export async function mambaRegGoldenCases(): Promise<readonly GoldenCase[]> {
  const g2 = await goldenG2();
  const g = await denseCase('G', 'g_mambareg_micro.safetensors');
  return [g2, g, ...(await variantCases('variants_g2.json', g2))];
}

/** G2: dense, 4x6 patches and 4 registers, read from the file that upstream's trainer would have saved. */
export function goldenG2(): Promise<GoldenDense> {
  return denseCase('G2', 'g2_mambareg_micro_rect_values.safetensors', {
    weights: 'g2_mambareg_micro_rect.pth',
  });
}
