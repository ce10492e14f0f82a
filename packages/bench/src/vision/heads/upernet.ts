/** A segmenter: the class of every pixel of the stored image. */

import { CpuSegmenter } from '@vssm/backend-cpu';
import type { UperNetSpec } from '@vssm/vision-tasks';
import { segmentImage } from '@vssm/vision-tasks';
import { mapOf, type OpenHead } from './head.ts';

export const openUperNet: OpenHead<UperNetSpec> = async (spec, weights, plan, options) => {
  const model = await CpuSegmenter.create(spec, weights, plan, options);
  return {
    async answer({ image, sample }) {
      const labels = await segmentImage(spec, model.forSample(sample), mapOf(image), image.original);
      options.stopwatch('label map');
      return { kind: 'labels', labels };
    },
    dispose: () => model.dispose(),
  };
};
