/** `vssm explain`: what the classifier reads of a picture. */
import { recipeNames } from '@vssm/datasets/choices';
import { Command } from 'commander';
import { addBackendOptions } from '../options/backend.ts';
import { datasetNames } from '../options/data.ts';
import { groups } from '../options/groups.ts';
import { addModelOptions } from '../options/model.ts';
import { whole } from '../options/numbers.ts';
import { addPlanOptions } from '../options/plan.ts';
import type { ExplainOptions } from './explain.ts';

export function explainCommand(): Command {
  const command = new Command('explain').description(
    'draw what a model, dense or pruned, reads of images: class contribution, block by block',
  );
  addPlanOptions(addModelOptions(command))
    .optionsGroup(groups.data)
    .option(
      '--images <path>',
      'a JPEG, PNG or WebP file or a folder of them, taken through the recipe; default: --data',
    )
    .option('--recipe <name>', `of --images: ${recipeNames.join(', ')}; default: the model's`)
    .option(
      '--data <folder>',
      'a data set instead; default: the embedded Fashion-MNIST, VSSM_IMAGENET for imagenet',
    )
    .option('--dataset <name>', `${datasetNames.join(', ')}; default: by what lies in --data`)
    .option(
      '--classes <file>',
      'names of the classes, one a line in the order of the outputs; default: as the checkpoint or the data set lists them',
    )
    .option('--limit <n>', 'only the first n images; default: all, of a data set 16', whole('--limit', 1));
  return addBackendOptions(command)
    .option('--batch <n>', 'images per run', whole('--batch', 1), 16)
    .optionsGroup(groups.output)
    .option(
      '--block <n>',
      'draw what is read in this block; default: the mean over all blocks',
      whole('--block', 1),
    )
    .requiredOption('--out <folder>', 'new folder for a PNG of every image and contributions.safetensors')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: ExplainOptions) => {
      const { explain } = await import('./explain.ts');
      await explain(options);
    });
}
