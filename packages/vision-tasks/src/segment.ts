/** Whole segmenters: windows of the image through the network, and the label map that follows from their logits. */
import { labelMap, type WindowLogits } from './label-map.ts';
import type { NumberMap, Size } from './maps.ts';
import type { UperNetSpec } from './model/spec.ts';
import { cutWindow, windowsOf } from './windows.ts';

/** The network of a segmenter: pixels [C, H, W] → class logits at the size of its finest map. */
export interface SegmenterStages {
  logits(window: NumberMap): Promise<NumberMap>;
}

/**
 * The class of every pixel of the original image, [height, width].
 *
 * @param image [C, H, W], resized and normalised
 */
export async function segmentImage(
  { test }: UperNetSpec,
  stages: SegmenterStages,
  image: NumberMap,
  original: Size,
): Promise<Uint16Array> {
  const parts: WindowLogits[] = [];
  for (const window of windowsOf(test, image)) {
    parts.push({ window, logits: await stages.logits(cutWindow(image, window)) });
  }
  return labelMap(parts, image, original);
}
