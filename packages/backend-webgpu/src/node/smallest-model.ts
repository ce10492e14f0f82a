/** A classifier of two values: enough to learn whether there is an adapter, and to hold on to its device. */
import { densePlan, randomWeights, vimSpec } from '@vssm/core';
import { modelSegments } from '@vssm/graph';

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
