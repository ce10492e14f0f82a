/** A classifier of two values: enough to learn whether a device answers. */
import { densePlan } from '../plan.ts';
import { randomWeights } from '../random-weights.ts';
import { vimSpec } from '../vim/spec.ts';
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
