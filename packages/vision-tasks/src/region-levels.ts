/** Which level of a feature pyramid a region is read from (FPN, equation 1, with mmdet's constants). */
import { roiLevels } from './model/spec.ts';

/** Regions up to twice this side, pixels, go to the finest level. */
const finestSide = 56;

/** floor(log2(√(w·h)/56 + 1e-6)) within 0 … 3, for boxes [n, 4] in input pixels. */
export function regionLevels(boxes: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: boxes.length / 4 }, (_, i) => {
    const area = (boxes[4 * i + 2] - boxes[4 * i]) * (boxes[4 * i + 3] - boxes[4 * i + 1]);
    const level = Math.floor(Math.log2(Math.sqrt(area) / finestSide + 1e-6));
    return Math.min(Math.max(level, 0), roiLevels - 1);
  });
}
