/** `vssm report`: the report from results that are there already. */
import { Command, Option } from 'commander';
import { groups } from '../options/groups.ts';
import { type OutputOptions, printResult } from '../output.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('write the report from run folders')
    .optionsGroup(groups.data)
    .addOption(
      new Option('--results <folders...>', 'run folders, or folders of them').default(['results'], 'results'),
    )
    .option('--history <folder>', 'what vssm history keeps, for trends; default: no trends')
    .optionsGroup(groups.output)
    .option('--out <folder>', 'where the report goes', 'reports/latest')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: OutputOptions & { results: string[]; out: string; history?: string }) => {
      const { report } = await import('./report.ts');
      const { text, ...result } = await report(options);
      printResult(options, result, text);
    });
}
