/** `vssm predict`: answers for a tensor or for images. */
import { recipeNames } from '@vssm/datasets/choices';
import { Command } from 'commander';
import { addBackendOptions } from '../options/backend.ts';
import { groups } from '../options/groups.ts';
import { addModelOptions } from '../options/model.ts';
import { whole } from '../options/numbers.ts';
import { addPlanOptions } from '../options/plan.ts';
import type { PredictOptions } from './predict.ts';

export function predictCommand(): Command {
  const command = new Command('predict').description(
    'run a model, dense or pruned, on a tensor or on images',
  );
  addPlanOptions(addModelOptions(command))
    .optionsGroup(groups.data)
    .option(
      '--images <path>',
      'a JPEG, PNG or WebP file or a folder of them, taken through the recipe; default: --tensor',
    )
    .option('--recipe <name>', `${recipeNames.join(', ')}; default: the model's`)
    .option(
      '--classes <file>',
      'names of the classes, one a line in the order of the outputs, e.g. LOC_synset_mapping.txt; default: as the checkpoint lists them',
    )
    .option(
      '--tensor <file>',
      '.safetensors with "input" [B, C, H, W], already normalised; default: --images',
    );
  return addBackendOptions(command)
    .option('--batch <n>', 'images per run', whole('--batch', 1), 16)
    .optionsGroup(groups.output)
    .option('--out <file>', 'safetensors file to write: logits and kept.<block>', 'predictions.safetensors')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: PredictOptions) => {
      const { predict } = await import('./predict.ts');
      await predict(options);
    });
}
