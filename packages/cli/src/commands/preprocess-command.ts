/** `vssm preprocess`: one image through a recipe, as the 8-bit picture that would enter normalisation. */
import { recipeNames } from '@vssm/datasets';
import { Command } from 'commander';
import { whole } from '../options/numbers.ts';
import { listing, printResult } from '../output.ts';
import { preprocess } from './preprocess.ts';

export function preprocessCommand(): Command {
  return new Command('preprocess')
    .description('resize and crop one image as a recipe does, and write it as an 8-bit RGB PNG')
    .argument('<image>', 'JPEG or PNG file')
    .option('--recipe <name>', recipeNames.join(', '), 'vim-imagenet')
    .option('--size <pixels>', "side of the crop; default: the recipe's", whole('--size', 1))
    .option('--out <file>', 'PNG to write', 'preprocessed.png')
    .option('--json', 'print one JSON document on stdout')
    .action(
      async (input: string, options: { recipe: string; size?: number; out: string; json?: boolean }) => {
        const { recipe, size, out } = options;
        const result = await preprocess({
          recipe,
          input,
          output: out,
          json: options.json ?? false,
          ...(size !== undefined && { size }),
        });
        printResult(options, result, listing([['wrote', out]]));
      },
    );
}
