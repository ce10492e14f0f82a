/**
 * `vssm against`: times an evaluation of this checkout and of another one interleaved, each in processes of its
 * own, so that a machine that slows down meanwhile slows both. The start of a process counts on both sides.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@vssm/core';
import type { Against } from '@vssm/results';
import { median } from '@vssm/results/statistics';
import { Command } from 'commander';
import { whole } from '../options/numbers.ts';
import { note, printResult } from '../output.ts';

interface Options {
  readonly rounds: number;
  readonly limit: number;
  readonly prune: string;
  readonly json?: boolean;
}

const entryPoint = 'packages/cli/src/main.ts';
const here = fileURLToPath(new URL('../../../..', import.meta.url));

export function againstCommand(): Command {
  return new Command('against')
    .description('time an evaluation of this checkout and of another one, interleaved')
    .argument('<checkout>', 'folder of the other one, with its dependencies installed')
    .option('--rounds <n>', 'rounds; in each, every checkout runs once', whole('--rounds', 1), 5)
    .option('--limit <n>', 'images of one run', whole('--limit', 1), 4000)
    .option('--prune <schedule>', 'what is evaluated', '2,4,6@0.7')
    .option('--json', 'print one JSON document on stdout')
    .action((checkout: string, options: Options) => {
      const measured = measure(checkout, options);
      const { commit, median, min, max, rounds } = measured;
      const [middle, low, high] = [median, min, max].map((ratio) => ratio.toFixed(3));
      printResult(
        options,
        measured,
        `time of ${commit} over this one's: ${middle} (${low} to ${high} in ${rounds} rounds); above 1 this one is faster`,
      );
    });
}

function measure(checkout: string, { rounds, limit, prune }: Options): Against {
  if (!existsSync(join(checkout, entryPoint))) {
    throw new UserError(`${checkout}: no ${entryPoint} there; name a checkout of this project`);
  }
  const args = ['eval', '--limit', String(limit), '--prune', prune, '--json'];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Each begins every second round.
    const order = round % 2 === 0 ? [checkout, here] : [here, checkout];
    const times = new Map(order.map((folder) => [folder, timeOnce(folder, args)]));
    ratios.push(times.get(checkout)! / times.get(here)!);
  }
  const [min, max] = [Math.min(...ratios), Math.max(...ratios)];
  return { commit: commitOf(checkout), rounds, median: median(ratios), min, max };
}

/** ms */
function timeOnce(folder: string, args: readonly string[]): number {
  const began = performance.now();
  const { status, signal, stderr } = spawnSync(process.execPath, [join(folder, entryPoint), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) {
    // All of it: the reason is seldom the last line, which may be a hint or the end of a trace.
    note(stderr.trimEnd());
    throw new UserError(
      `${folder}: its evaluation (vssm ${args.join(' ')}) ended with ${status ?? signal}; what it said is above`,
    );
  }
  return performance.now() - began;
}

function commitOf(folder: string): string {
  const { status, stdout } = spawnSync('git', ['-C', folder, 'describe', '--always', '--tags'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim().slice(0, 100) : 'unknown';
}
