/** `vssm preprocess`: one image through a recipe, as the 8-bit picture that would enter normalisation. */
import type { SizeLimits } from '@vssm/datasets';
import { Command } from 'commander';
import { largestSides, whole } from '../options/numbers.ts';
import { listing, printResult } from '../output.ts';
import { allRecipeNames, preprocess } from './preprocess.ts';

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
    .option('--recipe <name>', allRecipeNames.join(', '), 'vim-imagenet')
    .option('--size <pixels>', "side of the crop; default: the recipe's", whole('--size', 1))
    .option(
      '--max <HxW>',
      "the most pixels the shorter and the longer side may have, e.g. 800x1333; default: the recipe's",
      largestSides('--max'),
    )
    .option('--out <file>', 'PNG to write', 'preprocessed.png')
    .option('--json', 'print one JSON document on stdout')
    .action(async (input: string, options: Options) => {
      const { recipe, size, max, out } = options;
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
