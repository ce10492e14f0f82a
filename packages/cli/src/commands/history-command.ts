/** `vssm history`: this commit against earlier ones. */
import { Command, Option } from 'commander';
import { groups } from '../options/groups.ts';
import type { HistoryOptions } from './history.ts';

export function historyCommand(): Command {
  return new Command('history')
    .description('keep what this commit gave, and exit with 1 where it is worse than an earlier one')
    .optionsGroup(groups.data)
    .addOption(
      new Option(
        '--results <folders...>',
        'run folders of this commit and machine, or folders of them',
      ).default(['results'], 'results'),
    )
    .option('--history <folder>', 'one JSON file for each machine and commit', 'history')
    .option('--against <file>', 'what vssm against measured; default: none')
    .optionsGroup(groups.output)
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: HistoryOptions) => {
      const { history } = await import('./history.ts');
      history(options);
    });
}
