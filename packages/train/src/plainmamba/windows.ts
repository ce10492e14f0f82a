/** What the stem's first convolution multiplies: a picture cut into its 7x7 windows, every other pixel, zeros around. */
import { type PlainMambaSpec, stemSize } from '@vssm/families';

const stemKernel = 7;
const stride = 2;

/** Numbers in one window. */
export function windowSizeOf({ inChannels }: PlainMambaSpec): number {
  return inChannels * stemKernel ** 2;
}

/**
 * @param image normalised pixels [C, H, W]
 * @returns [rows · columns of the stem, C · 7 · 7], numbers as in the stem's weight
 */
export function windowsOf(spec: PlainMambaSpec, image: ArrayLike<number>): Float32Array {
  const { inChannels, imageHeight, imageWidth } = spec;
  const { height, width } = stemSize(spec);
  const reach = (stemKernel - 1) / 2;
  const windows = new Float32Array(height * width * windowSizeOf(spec));
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < inChannels; channel++) {
        for (let tap = 0; tap < stemKernel ** 2; tap++, to++) {
          const y = row * stride + Math.floor(tap / stemKernel) - reach;
          const x = column * stride + (tap % stemKernel) - reach;
          if (y < 0 || y >= imageHeight || x < 0 || x >= imageWidth) continue;
          windows[to] = image[(channel * imageHeight + y) * imageWidth + x];
        }
      }
    }
  }
  return windows;
}
