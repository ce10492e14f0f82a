/** A classifier of two values: enough to learn whether a device answers. */
import { densePlan, randomWeights, vimSpec } from '@vssm/core';
import { modelSegments } from './segments.ts';

/** @returns the encoded ONNX model */
export function smallestModel(): Uint8Array {
  const spec = vimSpec({
    width: 2,
    depth: 1,
    imageHeight: 1,
    imageWidth: 1,
    patchSize: 1,
    stride: 1,
    classes: 1,
  });
  return modelSegments(spec, randomWeights(spec), densePlan).head();
}
