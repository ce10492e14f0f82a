/** `vssm scenes`: pictures for segmenters and detectors in miniature. */
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { whole } from '../options/numbers.ts';
import type { ScenesOptions } from './scenes.ts';

export function scenesCommand(): Command {
  return new Command('scenes')
    .description('make pictures of several articles of Fashion-MNIST, in the layouts of ADE20K and COCO')
    .optionsGroup(groups.data)
    .option(
      '--data <folder>',
      'the idx files of Fashion-MNIST, for scenes to train on; default: the embedded test images alone',
    )
    .option('--images <n>', 'scenes to train on, with --data; default: 4000', whole('--images', 1))
    .option('--test-images <n>', 'scenes to test on', whole('--test-images', 1), 500)
    .option('--seed <n>', 'of places, scales and textures', whole('--seed'), 0)
    .optionsGroup(groups.output)
    .requiredOption('--out <folder>', 'a new or empty one')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: ScenesOptions) => {
      const { scenes } = await import('./scenes.ts');
      await scenes(options);
    });
}
