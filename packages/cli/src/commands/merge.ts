/** `vssm merge`: the run folders of several machines, shards above all, become one. */
import { mergeResults } from '@vssm/bench';
import { readResults } from '@vssm/results';
import { Command } from 'commander';
import { listing, printResult } from '../output.ts';
import { findRuns } from './report.ts';

export function mergeCommand(): Command {
  return new Command('merge')
    .description('join run folders, shards above all, into one as a single run would have written it')
    .argument('<folders...>', 'run folders, or folders of them')
    .requiredOption('--out <folder>', 'the merged run folder; must not hold anything yet')
    .option('--json', 'print one JSON document on stdout')
    .action((folders: string[], options: { out: string; json?: boolean }) => {
      const merged = mergeResults(folders.flatMap(findRuns), options.out);
      const accuracies = readResults(options.out).records.filter((record) => record.kind === 'accuracy');
      const lines = listing([
        ['run folders', String(merged.folders)],
        ['put together from shards', `${merged.joined} evaluations, ${merged.images} images`],
        ['taken over', `${merged.takenOver} records`],
        ['results', merged.results],
        ...accuracies.map(({ label, top1, top5, count }) => {
          const figures = `top-1 ${top1.toFixed(2)} %, top-5 ${top5.toFixed(2)} % of ${count} images`;
          return [label, figures] as const;
        }),
      ]);
      const shown = accuracies.map(({ label, top1, top5, count }) => ({ label, top1, top5, count }));
      printResult(options, { ...merged, accuracies: shown }, lines);
    });
}
