/** Mask R-CNN: boxes with the runs of their masks in the stored image. */

import { CpuDetector } from '@vssm/backend-cpu';
import { rleFromMask, rleToString } from '@vssm/metrics';
import type { MaskRcnnSpec } from '@vssm/vision-tasks';
import { detectWithMasks, type MaskedDetections, pasteMask, type Size } from '@vssm/vision-tasks';
import { inputOf, mapOf, type OpenHead } from './head.ts';

export const openMaskRcnn: OpenHead<MaskRcnnSpec> = async (spec, weights, plan, options) => {
  const model = await CpuDetector.create(spec, weights, plan, options);
  return {
    async answer({ image, sample }) {
      const stages = model.forSample(sample);
      const found = await detectWithMasks(spec, stages, mapOf(image), inputOf(image), options.stopwatch);
      const { boxes, scores, labels } = found;
      const masks = runs(found, image.original, spec.detections.maskThreshold);
      options.stopwatch('pasted masks');
      return { kind: 'detections', boxes, scores, labels, masks };
    },
    dispose: () => model.dispose(),
  };
};

function runs({ boxes, masks, scores }: MaskedDetections, original: Size, threshold: number): string[] {
  const cells = masks.length / scores.length;
  return Array.from(scores, (_, i) => {
    const logits = masks.subarray(i * cells, (i + 1) * cells);
    const mask = pasteMask(logits, boxes.subarray(4 * i, 4 * i + 4), original, threshold);
    return rleToString(rleFromMask(mask, original.height, original.width));
  });
}
