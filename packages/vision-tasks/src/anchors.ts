/**
 * Anchors as mmdet's AnchorGenerator makes them, in float32: around the corner of each cell (no half stride), not
 * clipped to the image. Order: cells row by row, and on each cell ratio-major, scale-minor.
 */
import type { AnchorSpec } from './model/spec.ts';

const { fround } = Math;

/** The anchors of cell (0, 0), x1, y1, x2, y2 each, pixels. */
export function baseAnchors({ ratios, scales }: AnchorSpec, stride: number): Float32Array {
  const corners = ratios.flatMap((ratio) => {
    const tall = fround(Math.sqrt(fround(ratio)));
    const wide = fround(1 / tall);
    return scales.flatMap((scale) => {
      const [w, h] = [wide, tall].map((side) => fround(fround(stride * side) * fround(scale)) / 2);
      return [-w, -h, w, h];
    });
  });
  return Float32Array.from(corners);
}

/** The anchors of a whole level, [height · width · anchors, 4]. */
export function levelAnchors(
  spec: AnchorSpec,
  stride: number,
  { height, width }: { readonly height: number; readonly width: number },
): Float32Array {
  const base = baseAnchors(spec, stride);
  const anchors = new Float32Array(height * width * base.length);
  let at = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let i = 0; i < base.length; i++) anchors[at++] = base[i] + stride * (i % 2 === 0 ? column : row);
    }
  }
  return anchors;
}
