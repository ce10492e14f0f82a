/** The golden cases of the VideoMamba family: a square grid, and an oblong one, which is pruned too. */
import { videoMambaSpec } from '@vssm/families';
import { denseCase, type GoldenCase, type GoldenDense, variantCases } from './case.ts';

const family = 'videomamba';

export const videoMambaOddShape = videoMambaSpec({
  width: 24,
  depth: 3,
  imageHeight: 12,
  imageWidth: 20,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  stateSize: 8,
  classes: 5,
});

export async function videoMambaGoldenCases(): Promise<readonly GoldenCase[]> {
  const f2 = await goldenF2();
  return [await goldenF(), f2, ...(await variantCases('variants_f2.json', f2))];
}

/** F: dense, 4x4 patches, read from the file that upstream would have saved. */
function goldenF(): Promise<GoldenDense> {
  return denseCase('F', 'f_videomamba_micro_values.safetensors', {
    weights: 'f_videomamba_micro.pth',
    family,
  });
}

/** F2: dense, 4x6 patches. */
export function goldenF2(): Promise<GoldenDense> {
  return denseCase('F2', 'f2_videomamba_micro_rect.safetensors', { family });
}
