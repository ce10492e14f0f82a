/**
 * Box deltas (mmdet's DeltaXYWHBBoxCoder): centre moved by d · size, size times exp(d). Boxes are x1, y1, x2, y2
 * in pixels, their width is x2 - x1.
 */
import type { Size } from './maps.ts';

/** Width and height change by a factor of at most 1000/16. */
const largestLogRatio = Math.abs(Math.log(16 / 1000));

/** What the deltas of a head are multiplied by: x, y, w, h. */
export type DeltaScale = readonly [number, number, number, number];

export const anchorDeltaScale: DeltaScale = [1, 1, 1, 1];
export const regionDeltaScale: DeltaScale = [0.1, 0.1, 0.2, 0.2];

/**
 * Writes the decoded box, clipped to the image, to `boxes[at … at + 3]`.
 *
 * @param from the anchor or region, at `fromAt`
 * @param deltas dx, dy, dw, dh
 * @param clip the image before padding; undefined leaves the box as it is
 */
export function decodeBox(
  boxes: Float64Array,
  at: number,
  from: ArrayLike<number>,
  fromAt: number,
  deltas: readonly [number, number, number, number],
  scale: DeltaScale,
  clip?: Size,
): void {
  const width = from[fromAt + 2] - from[fromAt];
  const height = from[fromAt + 3] - from[fromAt + 1];
  const x = (from[fromAt] + from[fromAt + 2]) / 2 + deltas[0] * scale[0] * width;
  const y = (from[fromAt + 1] + from[fromAt + 3]) / 2 + deltas[1] * scale[1] * height;
  const halfWidth = (width * Math.exp(bounded(deltas[2] * scale[2]))) / 2;
  const halfHeight = (height * Math.exp(bounded(deltas[3] * scale[3]))) / 2;
  const within = (value: number, limit: number | undefined) =>
    limit === undefined ? value : Math.min(Math.max(value, 0), limit);
  boxes[at] = within(x - halfWidth, clip?.width);
  boxes[at + 1] = within(y - halfHeight, clip?.height);
  boxes[at + 2] = within(x + halfWidth, clip?.width);
  boxes[at + 3] = within(y + halfHeight, clip?.height);
}

function bounded(logRatio: number): number {
  return Math.min(Math.max(logRatio, -largestLogRatio), largestLogRatio);
}
