/**
 * The work of `vssm against`: times an evaluation of this checkout and of another one interleaved, each in separate
 * processes, so that a machine that slows down meanwhile slows both. The start of a process counts on both sides.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Interleaved, timeInterleaved } from '@vssm/bench/timing';
import { counted, UserError } from '@vssm/core';
import type { Against } from '@vssm/results';
import { median } from '@vssm/results/statistics';
import { note, printResult } from '../output.ts';

export interface AgainstOptions {
  readonly rounds: number;
  readonly limit: number;
  readonly prune: string;
  readonly json?: boolean;
}

const entryPoint = 'packages/cli/vssm.js';
const here = fileURLToPath(new URL('../../../..', import.meta.url));

export async function timeAgainst(checkout: string, options: AgainstOptions): Promise<void> {
  const measured = await measure(checkout, options);
  printResult(options, measured, inWords(measured));
}

async function measure(checkout: string, { rounds, limit, prune }: AgainstOptions): Promise<Against> {
  if (!existsSync(join(checkout, entryPoint))) {
    throw new UserError(`${checkout}: no ${entryPoint} there; name a checkout of this project`);
  }
  const args = ['eval', '--limit', String(limit), '--prune', prune, '--json'];
  const timed = await timeInterleaved(
    [checkout, here].map((folder) => () => evaluate(folder, args)),
    { warmup: 0, minRounds: rounds, maxRounds: rounds, ms: 0 },
    { stopping: () => false, advance: () => {} },
    { of: 'all' },
  );
  const ratiosOf = (times: Interleaved['ms']) => times.map(([other, own]) => other / own);
  const ratios = ratiosOf(timed!.ms);
  return {
    commit: commitOf(checkout),
    rounds: ratios.length,
    median: median(ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    processorMedian: median(ratiosOf(timed!.processorMs!)),
    otherWork: timed!.otherWork,
  };
}

/** @throws UserError where it fails, after what it said */
async function evaluate(folder: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(folder, entryPoint), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (status === 0) return;
  // All of it: the reason is seldom the last line, which may be a hint or the end of a trace.
  note(said.trimEnd());
  throw new UserError(
    `${folder}: its evaluation (vssm ${args.join(' ')}) ended with ${status ?? signal}; what it said is above`,
  );
}

function inWords({ commit, rounds, median: middle, min, max, processorMedian, otherWork }: Against): string {
  const [centre, low, high] = [middle, min, max].map((ratio) => ratio.toFixed(3));
  const processor = `; processor time ${processorMedian!.toFixed(3)}`;
  const ratio = `time of ${commit} over this one's: ${centre} (${low} to ${high} in ${counted(rounds, 'round')})${processor}; above 1 this one is faster`;
  if (otherWork == null || !otherWork.disturbed) return ratio;
  return `${ratio}\nDisturbed: other work took ${(100 * otherWork.share).toFixed(0)} % of the processors. Repeat it on a quiet machine, or read the ratio of processor times.`;
}

function commitOf(folder: string): string {
  const { status, stdout } = spawnSync('git', ['-C', folder, 'describe', '--always', '--tags'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim().slice(0, 100) : 'unknown';
}
