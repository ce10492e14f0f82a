import { describe, expect, it } from 'vitest';
import { timeTurnAbout } from './speed.ts';

const idle = { stopping: () => false, advance: () => {} };

function recorded(count: number, ms = 0) {
  const calls: number[] = [];
  const runs = Array.from({ length: count }, (_, run) => async () => {
    calls.push(run);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms * (run + 1)));
  });
  return { calls, runs };
}

describe('timeTurnAbout', () => {
  it('runs each once a round, in turning order, after the warm-up and never besides', async () => {
    const { calls, runs } = recorded(3);
    const rounds = await timeTurnAbout(runs, { warmup: 1, minRounds: 2, maxRounds: 3, ms: 1e9 }, idle);
    expect(calls).toEqual([0, 1, 2, 0, 1, 2, 2, 1, 0, 0, 1, 2]);
    expect(rounds!.map((round) => round.length)).toEqual([3, 3, 3]);
  });

  it('gives each run its own time, in whichever order they ran', async () => {
    const { runs } = recorded(2, 20);
    const rounds = await timeTurnAbout(runs, { warmup: 0, minRounds: 2, maxRounds: 2, ms: 0 }, idle);
    // Timers may be early by a millisecond, and late by any time: only the lower bounds are certain.
    for (const [first, second] of rounds!) {
      expect(first).toBeGreaterThan(15);
      expect(second).toBeGreaterThan(35);
    }
  });

  it('stops when the budget is spent, but not before the least number of rounds', async () => {
    const { calls, runs } = recorded(1);
    await timeTurnAbout(runs, { warmup: 0, minRounds: 4, maxRounds: 100, ms: 0 }, idle);
    expect(calls).toHaveLength(4);
  });

  it('keeps nothing when it is stopped, and adds its shares up to one when it is not', async () => {
    const { calls, runs } = recorded(1);
    const budget = { warmup: 0, minRounds: 1, maxRounds: 9, ms: 1e9 };
    expect(await timeTurnAbout(runs, budget, { ...idle, stopping: () => calls.length > 3 })).toBeNull();
    let share = 0;
    await timeTurnAbout(runs, budget, { ...idle, advance: (more) => (share += more) });
    expect(share).toBeCloseTo(1, 12);
  });

  it('passes on the error of a run', async () => {
    const failing = async () => {
      throw new Error('out of memory');
    };
    const timing = timeTurnAbout([failing], { warmup: 0, minRounds: 1, maxRounds: 1, ms: 0 }, idle);
    await expect(timing).rejects.toThrow('out of memory');
  });
});
