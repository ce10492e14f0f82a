/** `vssm merge`: run folders become one. */
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import type { MergeOptions } from './merge.ts';

export function mergeCommand(): Command {
  return new Command('merge')
    .description('join run folders, shards above all, into one as a single run would have written it')
    .argument('<folders...>', 'run folders, or folders of them')
    .optionsGroup(groups.output)
    .requiredOption('--out <folder>', 'the merged run folder; must not hold anything yet')
    .option('--json', 'print one JSON document on stdout')
    .action(async (folders: string[], options: MergeOptions) => {
      const { merge } = await import('./merge.ts');
      merge(folders, options);
    });
}
