/** `vssm segment`: mIoU on ADE20K. */
import { Command } from 'commander';
import { addPlanOptions } from '../options/plan.ts';
import { addVisionOptions } from '../options/vision.ts';
import type { SegmentOptions } from './segment.ts';

export function segmentCommand(): Command {
  const command = new Command('segment').description(
    'mIoU, mAcc and aAcc of an UperNet on ADE20K, dense or pruned',
  );
  return addPlanOptions(
    addVisionOptions(command, {
      where: 'ADEChallengeData2016, its folder or .zip, or what holds it; default: VSSM_ADE20K',
      kind: /upernet/,
    }),
  ).action(async (options: SegmentOptions) => {
    const { segment } = await import('./segment.ts');
    await segment(options);
  });
}
