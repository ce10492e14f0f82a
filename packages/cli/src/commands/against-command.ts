/** `vssm against`: this checkout's time beside another's. */
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { whole } from '../options/numbers.ts';
import type { AgainstOptions } from './against.ts';

export function againstCommand(): Command {
  return new Command('against')
    .description('time an evaluation of this checkout and of another one, interleaved')
    .argument('<checkout>', 'folder of the other one, with its dependencies installed')
    .optionsGroup(groups.running)
    .option('--rounds <n>', 'rounds; in each, every checkout runs once', whole('--rounds', 1), 5)
    .option('--limit <n>', 'images of one run', whole('--limit', 1), 4000)
    .option('--prune <schedule>', 'what is evaluated', '2,4,6@0.7')
    .optionsGroup(groups.output)
    .option('--json', 'print one JSON document on stdout')
    .action(async (checkout: string, options: AgainstOptions) => {
      const { timeAgainst } = await import('./against.ts');
      await timeAgainst(checkout, options);
    });
}
