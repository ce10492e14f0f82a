/** `vssm report`: the report from results that are there already. */
import { Command } from 'commander';
import { printResult } from '../output.ts';

export function reportCommand(): Command {
  return new Command('report')
    .description('write the report from run folders')
    .option('--results <folders...>', 'run folders, or folders of them', ['results'])
    .option('--out <folder>', 'where the report goes', 'reports/latest')
    .option('--history <folder>', 'what vssm history keeps, for trends')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: { results: string[]; out: string; history?: string; json?: boolean }) => {
      const { report } = await import('./report.ts');
      const result = await report({ ...options, json: options.json ?? false });
      if (options.json === true) printResult(options, result, '');
    });
}
