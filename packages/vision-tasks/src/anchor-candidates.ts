/**
 * From the maps of an anchor-based head to candidate boxes. On a map the channel of anchor a and class k is
 * a · classes + k; in the order of candidates the cells come first, row by row, then anchors, then classes.
 */
import { levelAnchors } from './anchors.ts';
import { anchorDeltaScale, decodeBox } from './box-coder.ts';
import { type NumberMap, type Size, sigmoid } from './maps.ts';
import type { AnchorSpec } from './model/spec.ts';

/** One level of a head's output. */
export interface AnchorMaps {
  /** Logits, [anchors · classes, H, W] */
  readonly scores: NumberMap;
  /** [anchors · 4, H, W] */
  readonly deltas: NumberMap;
}

/** Probabilities in the order of candidates, [H · W · anchors · classes]. */
export function candidateScores({ channels, height, width, values }: NumberMap): Float64Array {
  const cells = height * width;
  const scores = new Float64Array(values.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let cell = 0; cell < cells; cell++) {
      scores[cell * channels + channel] = sigmoid(values[channel * cells + cell]);
    }
  }
  return scores;
}

/**
 * Decodes the boxes of chosen anchors, clipped to the image.
 *
 * @param chosen anchor indices in the order of candidates, classes left out
 * @returns [chosen, 4], pixels of the network's input
 */
export function anchorBoxes(
  spec: AnchorSpec,
  stride: number,
  { channels, height, width, values }: NumberMap,
  chosen: readonly number[],
  image: Size,
): Float64Array {
  const anchors = levelAnchors(spec, stride, { height, width });
  const perCell = channels / 4;
  const cells = height * width;
  const boxes = new Float64Array(4 * chosen.length);
  for (const [i, anchor] of chosen.entries()) {
    const cell = Math.floor(anchor / perCell);
    const delta = (coordinate: number) => values[((anchor % perCell) * 4 + coordinate) * cells + cell];
    const deltas = [delta(0), delta(1), delta(2), delta(3)] as const;
    decodeBox(boxes, 4 * i, anchors, 4 * anchor, deltas, anchorDeltaScale, image);
  }
  return boxes;
}
