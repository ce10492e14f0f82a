/**
 * Whole detectors: the networks, wherever they run, joined by what lies between them. One image at a time, already
 * resized, normalised and padded to multiples of 32.
 */
import type { AnchorMaps } from './anchor-candidates.ts';
import {
  type Detections,
  detectAnchors,
  detectRegions,
  type InputImage,
  type RegionOutputs,
  toInput,
} from './detections.ts';
import type { NumberMap, Numbers } from './maps.ts';
import type { MaskRcnnSpec, RetinaNetSpec } from './model/spec.ts';
import { propose } from './proposals.ts';

/**
 * The networks of a detector up to what they say about every anchor. What a level is, the stages alone know: nothing between
 * them reads it.
 */
export interface AnchorStages<Level> {
  /** Backbone, feature pyramid: five levels, finest first. */
  pyramid(image: NumberMap): Promise<readonly Level[]>;
  /** Proposal network or RetinaNet's head, level by level. */
  anchors(levels: readonly Level[]): Promise<readonly AnchorMaps[]>;
}

/** The networks of Mask R-CNN. Regions are [n, 4] in pixels of the network's input, n > 0. */
export interface MaskRcnnStages<Level> extends AnchorStages<Level> {
  boxes(levels: readonly Level[], regions: Float64Array): Promise<RegionOutputs>;
  /** Mask logits of each region's own class, [n, side, side]. */
  masks(levels: readonly Level[], regions: Float64Array, labels: Int32Array): Promise<Numbers>;
}

/** Detections with the mask of each one's class, as logits [n, side, side] over its box; see `pasteMask`. */
export interface MaskedDetections extends Detections {
  readonly masks: Numbers;
}

/** Told the time between one call and the next, ms, under the name of a part. */
export type PartWatch = (part: 'proposals' | 'detections', ms: number) => void;

/**
 * Boxes, scores, classes and masks of one image.
 *
 * @param image [C, H, W], padded
 * @param input where the image lies before padding, and its scale
 */
export async function detectWithMasks<Level>(
  spec: MaskRcnnSpec,
  stages: MaskRcnnStages<Level>,
  image: NumberMap,
  input: InputImage,
  watch: PartWatch = () => {},
): Promise<MaskedDetections> {
  const levels = await stages.pyramid(image);
  const maps = await stages.anchors(levels);
  const proposals = timed(watch, 'proposals', () => propose(spec, maps, input)).boxes;
  if (proposals.length === 0) return nothing;
  const outputs = await stages.boxes(levels, proposals);
  const found = timed(watch, 'detections', () => detectRegions(spec, proposals, outputs, input));
  if (found.scores.length === 0) return nothing;
  return { ...found, masks: await stages.masks(levels, toInput(found.boxes, input), found.labels) };
}

const nothing: MaskedDetections = {
  boxes: new Float64Array(0),
  scores: new Float64Array(0),
  labels: new Int32Array(0),
  masks: new Float64Array(0),
};

/** Boxes, scores and classes of one image, by RetinaNet. */
export async function detectBoxes<Level>(
  spec: RetinaNetSpec,
  stages: AnchorStages<Level>,
  image: NumberMap,
  input: InputImage,
  watch: PartWatch = () => {},
): Promise<Detections> {
  const maps = await stages.anchors(await stages.pyramid(image));
  return timed(watch, 'detections', () => detectAnchors(spec, maps, input));
}

function timed<T>(watch: PartWatch, part: Parameters<PartWatch>[0], run: () => T): T {
  const start = performance.now();
  const value = run();
  watch(part, performance.now() - start);
  return value;
}

/** Pads an image with zeros at the bottom and the right to multiples of 32, as detectors want it. */
export function padTo32(image: NumberMap): NumberMap {
  const height = Math.ceil(image.height / 32) * 32;
  const width = Math.ceil(image.width / 32) * 32;
  const values = new Float32Array(image.channels * height * width);
  for (let c = 0; c < image.channels; c++) {
    for (let row = 0; row < image.height; row++) {
      const from = (c * image.height + row) * image.width;
      values.set(image.values.subarray(from, from + image.width), (c * height + row) * width);
    }
  }
  return { channels: image.channels, height, width, values };
}
