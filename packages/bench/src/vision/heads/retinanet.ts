/** RetinaNet: boxes alone. */

import { CpuDetector } from '@vssm/backend-cpu';
import type { RetinaNetSpec } from '@vssm/vision-tasks';
import { detectBoxes } from '@vssm/vision-tasks';
import { inputOf, mapOf, type OpenHead } from './head.ts';

export const openRetinaNet: OpenHead<RetinaNetSpec> = async (spec, weights, plan, options) => {
  const model = await CpuDetector.create(spec, weights, plan, options);
  return {
    async answer({ image, sample }) {
      const stages = model.forSample(sample);
      const found = await detectBoxes(spec, stages, mapOf(image), inputOf(image), options.stopwatch);
      return { kind: 'detections', ...found, masks: null };
    },
    dispose: () => model.dispose(),
  };
};
