/**
 * Times several ways to do the same, interleaved: in every round each runs once, and the order turns round from one to
 * the next, so that a machine that slows down or speeds up meanwhile favours none. Rounds beside which other programs
 * worked are set aside and repeated, within limits.
 */
import { Bench } from 'tinybench';
import type { SpeedBudget } from '../speed-budget.ts';
import type { Workplace } from '../workplace.ts';
import { machineProcessors, otherShare, type ProcessorReading, type Processors } from './processors.ts';

/** What else used the processors while something was timed. */
export interface OtherWork {
  /** Of the processors' time during the rounds that count, 0 … 1. */
  readonly share: number;
  /** There were too few rounds without other work, so those with it count too. */
  readonly disturbed: boolean;
  /** Rounds that do not count, because of other work beside them. */
  readonly setAside: number;
}

/** Of the rounds that count, in the order they ran. */
export interface Interleaved {
  /** By the clock, ms, [rounds][runs]. */
  readonly ms: readonly (readonly number[])[];
  /** Processor time, ms, [rounds][runs]; null where other processes did the work and their time was not asked for. */
  readonly processorMs: readonly (readonly number[])[] | null;
  /** Null where the system does not tell. */
  readonly otherWork: OtherWork | null;
}

/** Other programs' share of the processors from which on a round counts as disturbed. */
export const disturbedShare = 0.05;

/** ms of rounds that are judged together: the system counts processor time in steps of 10 ms. */
const windowMs = 1000;

/** How many times its time and its rounds a budget may take where rounds are disturbed. */
const patience = 2;

interface Round {
  readonly ms: readonly number[];
  readonly processorMs: readonly number[];
}

interface Window {
  readonly rounds: readonly Round[];
  readonly ms: number;
  readonly share: number | null;
}

export interface Measuring {
  readonly processors: Processors;
  /** Whose processor time a run takes: this process's, or that of the processes too that it starts and waits for. */
  readonly of: 'self' | 'all';
}

/**
 * Rounds go on until the budget is spent, at least `minRounds` and at most `maxRounds` undisturbed ones; where rounds are
 * disturbed, until time and least rounds are spent twice.
 *
 * @returns null when stopped
 */
export async function timeInterleaved(
  runs: readonly (() => Promise<unknown>)[],
  budget: SpeedBudget,
  { stopping, advance }: Pick<Workplace, 'stopping' | 'advance'>,
  { processors = machineProcessors(), of = 'self' }: Partial<Measuring> = {},
): Promise<Interleaved | null> {
  const used = of === 'self' ? selfMs : () => allMs(processors.read());
  for (let turn = 0; turn < budget.warmup; turn++) {
    for (const run of runs) {
      if (stopping()) return null;
      await run();
    }
  }
  const windows: Window[] = [];
  let pending: Round[] = [];
  const first = processors.read();
  let opened = first;
  let shown = 0;
  const close = (now: ProcessorReading) => {
    windows.push({
      rounds: pending,
      ms: now.wall - opened.wall,
      share: otherShare(opened, now, processors.count),
    });
    pending = [];
    opened = now;
  };
  for (let total = 0; ; total++) {
    const spent = processors.now() - first.wall;
    const calm = pending.length + calmRounds(windows).length;
    const tired = spent >= patience * budget.ms && total >= patience * budget.minRounds;
    if (calm >= budget.maxRounds || (spent >= budget.ms && calm >= budget.minRounds) || tired) {
      if (pending.length === 0) break;
      // The last rounds are judged too; where they turn out disturbed, others follow.
      close(processors.read());
      continue;
    }
    if (total >= patience * budget.maxRounds) break;
    if (stopping()) return null;
    pending.push(await timeOnce(runs, total % 2 === 1, used));
    if (processors.now() - opened.wall >= windowMs) close(processors.read());
    const byTime = Math.min((processors.now() - first.wall) / budget.ms, (total + 1) / budget.minRounds);
    const share = Math.min(1, Math.max((total + 1) / budget.maxRounds, byTime));
    advance(share - shown);
    shown = share;
  }
  if (pending.length > 0) close(processors.read());
  const elsewhere = opened.children - first.children > (opened.self - first.self) / 50;
  return counted(windows, budget, of === 'all' || !elsewhere);
}

function selfMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function allMs({ self, children }: ProcessorReading): number {
  return self + children;
}

function isCalm({ share }: Window): boolean {
  return share === null || share < disturbedShare;
}

function calmRounds(windows: readonly Window[]): Round[] {
  return windows.filter(isCalm).flatMap(({ rounds }) => rounds);
}

function counted(windows: readonly Window[], budget: SpeedBudget, withProcessorTime: boolean): Interleaved {
  const all = windows.reduce((sum, { rounds }) => sum + rounds.length, 0);
  const calm = calmRounds(windows).length;
  const disturbed = calm < Math.min(budget.minRounds, all);
  const counting = disturbed ? windows : windows.filter(isCalm);
  const rounds = counting.flatMap((window) => window.rounds);
  const known = counting.filter(({ share }) => share !== null);
  const ms = known.reduce((sum, window) => sum + window.ms, 0);
  const others = known.reduce((sum, window) => sum + window.ms * window.share!, 0);
  return {
    ms: rounds.map((round) => round.ms),
    processorMs: withProcessorTime ? rounds.map((round) => round.processorMs) : null,
    otherWork: ms === 0 ? null : { share: others / ms, disturbed, setAside: all - rounds.length },
  };
}

/** One round by tinybench: each run once, nothing warmed up, nothing called besides. */
async function timeOnce(
  runs: readonly (() => Promise<unknown>)[],
  backwards: boolean,
  used: () => number,
): Promise<Round> {
  const bench = new Bench({ iterations: 1, time: 0, warmup: false, retainSamples: true, throws: true });
  const processorMs: number[] = runs.map(() => 0);
  const order = runs.map((_, index) => index);
  if (backwards) order.reverse();
  for (const index of order) {
    let before = 0;
    const beforeEach = () => {
      before = used();
    };
    const afterEach = () => {
      processorMs[index] = used() - before;
    };
    bench.add(String(index), runs[index], { async: true, beforeEach, afterEach });
  }
  await bench.run();
  const ms = runs.map((_, index) => {
    const result = bench.getTask(String(index))?.result;
    if (result?.state !== 'completed') throw new Error(`timing ended as "${result?.state}"`);
    return result.latency.samples![0];
  });
  return { ms, processorMs };
}
