/** `vssm preprocess`: one image through a recipe, as the 8-bit picture that would enter normalisation. */
import type { SizeLimits } from '@vssm/datasets';
import { recipeNames, visionRecipeNames } from '@vssm/datasets/choices';
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { largestSides, square } from '../options/numbers.ts';
import { listing, printResult } from '../output.ts';

interface Options {
  readonly recipe: string;
  readonly size?: number;
  readonly max?: SizeLimits;
  readonly out: string;
  readonly json?: boolean;
}

export function preprocessCommand(): Command {
  return new Command('preprocess')
    .description('resize one image as a recipe does, before padding, and write it as an 8-bit RGB PNG')
    .argument('<image>', 'JPEG, PNG or WebP file')
    .optionsGroup(groups.data)
    .option('--recipe <name>', [...recipeNames, ...visionRecipeNames].join(', '), 'vim-imagenet')
    .option(
      '--size <HxW>',
      "the square cut out, pixels, e.g. 224x224; default: the recipe's",
      square('--size'),
    )
    .option(
      '--max <HxW>',
      "the most pixels the shorter and the longer side may have, e.g. 800x1333; default: the recipe's",
      largestSides('--max'),
    )
    .optionsGroup(groups.output)
    .option('--out <file>', 'PNG to write', 'preprocessed.png')
    .option('--json', 'print one JSON document on stdout')
    .action(async (input: string, options: Options) => {
      const { recipe, size, max, out } = options;
      const { preprocess } = await import('./preprocess.ts');
      const result = await preprocess({
        recipe,
        input,
        output: out,
        json: options.json ?? false,
        ...(size !== undefined && { size }),
        ...(max !== undefined && { limits: max }),
      });
      printResult(options, result, listing([['wrote', out]]));
    });
}
