/** A picture cut into the patches that the patch projection multiplies: its convolution as a matrix product. */
import { type BidirectionalSpec, patchGrid } from '@vssm/families';

/** Numbers in one patch. */
export function patchSizeOf(spec: BidirectionalSpec): number {
  return spec.inChannels * spec.patchSize ** 2;
}

/**
 * @param image normalised pixels [C, H, W]
 * @returns [rows · columns, C · P · P], patches in row-major grid order, numbers as in the projection's weight
 */
export function patchesOf(spec: BidirectionalSpec, image: ArrayLike<number>): Float32Array {
  const { inChannels, imageHeight, imageWidth, patchSize, stride } = spec;
  const { height, width } = patchGrid(spec);
  const patches = new Float32Array(height * width * patchSizeOf(spec));
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < inChannels; channel++) {
        for (let y = 0; y < patchSize; y++) {
          const from = (channel * imageHeight + row * stride + y) * imageWidth + column * stride;
          for (let x = 0; x < patchSize; x++) patches[to++] = image[from + x];
        }
      }
    }
  }
  return patches;
}
