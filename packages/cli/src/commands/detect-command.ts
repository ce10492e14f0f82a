/** `vssm detect`: AP on COCO. */
import { Command } from 'commander';
import { addPlanOptions } from '../options/plan.ts';
import { addVisionOptions } from '../options/vision.ts';
import type { DetectOptions } from './detect.ts';

export function detectCommand(): Command {
  const command = new Command('detect').description(
    'box and mask AP of Mask R-CNN or RetinaNet on COCO, dense or pruned; writes detections.json',
  );
  return addPlanOptions(
    addVisionOptions(command, {
      where: 'folder with val2017 (or val2017.zip) and annotations; default: VSSM_COCO',
      kind: /maskrcnn|retinanet/,
    }),
  ).action(async (options: DetectOptions) => {
    const { detect } = await import('./detect.ts');
    await detect(options);
  });
}
