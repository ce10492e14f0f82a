/** What a detector answers: boxes in pixels of the original image, each with a class and a score. */
import { type AnchorMaps, anchorBoxes, candidateScores } from './anchor-candidates.ts';
import { byScore } from './best.ts';
import { decodeBox, regionDeltaScale } from './box-coder.ts';
import type { Numbers, Size } from './maps.ts';
import { visionReference } from './model/index.ts';
import type { MaskRcnnSpec, RetinaNetSpec } from './model/spec.ts';
import { type Candidates, nonMaximumSuppression } from './nms.ts';
import { joinCandidates, pick } from './proposals.ts';

export interface Detections {
  /** [n, 4]: x1, y1, x2, y2, pixels of the original image, by falling score. */
  readonly boxes: Float64Array;
  /** [n] */
  readonly scores: Float64Array;
  /** [n], classes from 0 */
  readonly labels: Int32Array;
}

/** The network's input within the original image. */
export interface InputImage extends Size {
  /** Resized over original size: x, y. */
  readonly scale: readonly [number, number];
}

/** Mask R-CNN's box head on all proposals. */
export interface RegionOutputs {
  /** Logits, [n, classes + 1], the background last. */
  readonly scores: Numbers;
  /** [n, classes · 4] */
  readonly deltas: Numbers;
}

/**
 * Every proposal and class with enough probability, proposal by proposal; `groups` are the classes. Boxes are
 * decoded per class, clipped to the input image, then brought to the original's pixels.
 */
export function regionCandidates(
  { classes, detections }: MaskRcnnSpec,
  proposals: Float64Array,
  { scores, deltas }: RegionOutputs,
  image: InputImage,
): Candidates {
  const chosen: { region: number; label: number; score: number }[] = [];
  for (let region = 0; region < proposals.length / 4; region++) {
    const logits = Float64Array.from(scores.subarray(region * (classes + 1), (region + 1) * (classes + 1)));
    const probabilities = visionReference.softmax(logits);
    for (let label = 0; label < classes; label++) {
      const score = probabilities[label];
      if (score > detections.scoreThreshold) chosen.push({ region, label, score });
    }
  }
  const boxes = new Float64Array(4 * chosen.length);
  for (const [i, { region, label }] of chosen.entries()) {
    const at = (region * classes + label) * 4;
    const own = [deltas[at], deltas[at + 1], deltas[at + 2], deltas[at + 3]] as const;
    decodeBox(boxes, 4 * i, proposals, 4 * region, own, regionDeltaScale, image);
  }
  return {
    boxes: toOriginal(boxes, image),
    scores: Float64Array.from(chosen, ({ score }) => score),
    groups: Int32Array.from(chosen, ({ label }) => label),
  };
}

export function detectRegions(
  spec: MaskRcnnSpec,
  proposals: Float64Array,
  outputs: RegionOutputs,
  image: InputImage,
): Detections {
  return suppressed(spec, regionCandidates(spec, proposals, outputs, image));
}

/**
 * RetinaNet's candidates in input pixels: on every level the best pairs of anchor and class above the threshold,
 * best first; `groups` are the classes.
 */
export function retinaCandidates(
  { anchors, classes, detections, perLevel }: RetinaNetSpec,
  levels: readonly AnchorMaps[],
  image: Size,
): { readonly candidates: Candidates; readonly perLevel: readonly number[] } {
  const parts = levels.map(({ scores: logits, deltas }, level) => {
    const scores = candidateScores(logits);
    const above: number[] = [];
    for (let i = 0; i < scores.length; i++) if (scores[i] > detections.scoreThreshold) above.push(i);
    const chosen = byScore(scores, above).slice(0, perLevel);
    const ofAnchors = chosen.map((index) => Math.floor(index / classes));
    return {
      boxes: anchorBoxes(anchors, anchors.strides[level], deltas, ofAnchors, image),
      scores: Float64Array.from(chosen, (index) => scores[index]),
      groups: Int32Array.from(chosen, (index) => index % classes),
    };
  });
  return { candidates: joinCandidates(parts), perLevel: parts.map(({ scores }) => scores.length) };
}

/** Boxes without area are no exception here: RetinaNet may answer with them. */
export function detectAnchors(
  spec: RetinaNetSpec,
  levels: readonly AnchorMaps[],
  image: InputImage,
): Detections {
  const { candidates } = retinaCandidates(spec, levels, image);
  return suppressed(spec, { ...candidates, boxes: toOriginal(candidates.boxes, image) });
}

function suppressed(
  { detections }: Pick<MaskRcnnSpec | RetinaNetSpec, 'detections'>,
  candidates: Candidates,
): Detections {
  const kept = nonMaximumSuppression(candidates, detections.iouThreshold).slice(0, detections.perImage);
  return { ...pick(candidates, kept), labels: Int32Array.from(kept, (index) => candidates.groups[index]) };
}

function toOriginal(boxes: Float64Array, { scale }: InputImage): Float64Array {
  return boxes.map((coordinate, i) => coordinate / scale[i % 2]);
}

/** Detections in pixels of the network's input, where the mask head looks for them. */
export function toInput(boxes: Float64Array, { scale }: InputImage): Float64Array {
  return boxes.map((coordinate, i) => coordinate * scale[i % 2]);
}
