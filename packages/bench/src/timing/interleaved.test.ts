import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { timeInterleaved } from './interleaved.ts';
import { machineProcessors, otherShare, type Processors } from './processors.ts';

const idle = { stopping: () => false, advance: () => {} };

function recorded(count: number, ms = 0) {
  const calls: number[] = [];
  const runs = Array.from({ length: count }, (_, run) => async () => {
    calls.push(run);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms * (run + 1)));
  });
  return { calls, runs };
}

describe('interleaved timing', () => {
  it('runs each once a round, in turning order, after the warm-up and never besides', async () => {
    const { calls, runs } = recorded(3);
    const timed = await timeInterleaved(runs, { warmup: 1, minRounds: 2, maxRounds: 3, ms: 1e9 }, idle);
    expect(calls).toEqual([0, 1, 2, 0, 1, 2, 2, 1, 0, 0, 1, 2]);
    expect(timed!.ms.map((round) => round.length)).toEqual([3, 3, 3]);
  });

  it('gives each run its own time, in whichever order they ran', async () => {
    const { runs } = recorded(2, 20);
    const timed = await timeInterleaved(runs, { warmup: 0, minRounds: 2, maxRounds: 2, ms: 0 }, idle);
    // Timers may be early by a millisecond, and late by any time: only the lower bounds are certain.
    for (const [first, second] of timed!.ms) {
      expect(first).toBeGreaterThan(15);
      expect(second).toBeGreaterThan(35);
    }
  });

  it('gives each run its processor time, apart from what it waits', async () => {
    const spin = async () => {
      for (const { user } = process.cpuUsage(); process.cpuUsage().user - user < 40_000; );
    };
    const wait = () => new Promise((resolve) => setTimeout(resolve, 60));
    const timed = await timeInterleaved([spin, wait], { warmup: 0, minRounds: 2, maxRounds: 2, ms: 0 }, idle);
    for (const [spun, waited] of timed!.processorMs!) {
      expect(spun).toBeGreaterThan(39);
      expect(waited).toBeLessThan(spun);
    }
  });

  it('stops when the budget is spent, but not before the least number of rounds', async () => {
    const { calls, runs } = recorded(1);
    await timeInterleaved(runs, { warmup: 0, minRounds: 4, maxRounds: 100, ms: 0 }, idle);
    expect(calls).toHaveLength(4);
  });

  it('keeps nothing when it is stopped, and adds its shares up to one when it is not', async () => {
    const { calls, runs } = recorded(1);
    const budget = { warmup: 0, minRounds: 1, maxRounds: 9, ms: 1e9 };
    expect(await timeInterleaved(runs, budget, { ...idle, stopping: () => calls.length > 3 })).toBeNull();
    let share = 0;
    await timeInterleaved(runs, budget, { ...idle, advance: (more) => (share += more) });
    expect(share).toBeCloseTo(1, 12);
  });

  it('passes on the error of a run', async () => {
    const failing = async () => {
      throw new Error('out of memory');
    };
    const timing = timeInterleaved([failing], { warmup: 0, minRounds: 1, maxRounds: 1, ms: 0 }, idle);
    await expect(timing).rejects.toThrow('out of memory');
  });
});

/** Two processors and a clock that only runs move: each takes half a second, others' share follows a script. */
function scripted(othersAt: (run: number) => number, steady = 0.01) {
  let clock = 0;
  let self = 0;
  let everyone = 1000;
  let run = 0;
  const processors: Processors = {
    count: 2,
    now: () => clock,
    read: () => ({ wall: clock, everyone, self, children: 0 }),
  };
  const work = async () => {
    const others = othersAt(run++) + steady;
    clock += 500;
    self += 500;
    everyone += 500 + others * 2 * 500;
  };
  return { processors, work, runs: () => run };
}

describe('rounds beside other work', () => {
  const budget = { warmup: 0, minRounds: 4, maxRounds: 8, ms: 1e9 };

  it('count while nothing else runs, and say how much did', async () => {
    const { processors, work } = scripted(() => 0);
    const timed = await timeInterleaved([work], budget, idle, { processors });
    expect(timed!.ms).toHaveLength(8);
    expect(timed!.otherWork).toMatchObject({ disturbed: false, setAside: 0 });
    expect(timed!.otherWork!.share).toBeCloseTo(0.01, 9);
  });

  it('are set aside and repeated', async () => {
    // Windows of two runs: the second and the third are disturbed.
    const { processors, work, runs } = scripted((run) => (run >= 2 && run < 6 ? 0.3 : 0));
    const timed = await timeInterleaved([work], budget, idle, { processors });
    expect(timed!.ms).toHaveLength(8);
    expect(runs()).toBe(12);
    expect(timed!.otherWork).toMatchObject({ disturbed: false, setAside: 4 });
    expect(timed!.otherWork!.share).toBeCloseTo(0.01, 9);
  });

  it('are judged to the last, and repeated where that one is disturbed', async () => {
    const { processors, work, runs } = scripted((run) => (run === 7 ? 0.9 : 0));
    const timed = await timeInterleaved([work], budget, idle, { processors });
    expect(timed!.otherWork).toMatchObject({ disturbed: false, setAside: 2 });
    expect(runs()).toBe(10);
  });

  it('count all the same where there is never anything else, and the timing says that it is disturbed', async () => {
    const { processors, work, runs } = scripted(() => 0.3);
    const timed = await timeInterleaved([work], budget, idle, { processors });
    expect(runs()).toBe(16);
    expect(timed!.ms).toHaveLength(16);
    expect(timed!.otherWork).toMatchObject({ disturbed: true, setAside: 0 });
    expect(timed!.otherWork!.share).toBeCloseTo(0.31, 9);
  });

  it('are repeated too where only their number is given', async () => {
    const { processors, work, runs } = scripted((run) => (run < 2 ? 0.3 : 0));
    const timed = await timeInterleaved([work], { ...budget, ms: 0 }, idle, { processors });
    expect(runs()).toBe(6);
    expect(timed!.otherWork).toMatchObject({ disturbed: false, setAside: 2 });
  });

  it('end after twice the time of the budget', async () => {
    const { processors, work, runs } = scripted(() => 0.3);
    await timeInterleaved([work], { ...budget, maxRounds: 1000, ms: 4000 }, idle, { processors });
    expect(runs()).toBe(16);
  });

  it('are not judged where the counters are not the machine’s', async () => {
    const { processors, work } = scripted(() => -0.5);
    const timed = await timeInterleaved([work], budget, idle, { processors });
    expect(timed!.otherWork).toBeNull();
  });
});

describe('this machine’s processors', () => {
  const processors = machineProcessors();
  const spin = (ms: number) => {
    for (const begin = performance.now(); performance.now() - begin < ms; );
  };

  it('count a busy loop of another program as other work', () => {
    const before = processors.read();
    if (before.everyone === null) return;
    // Its parent ends at once, so that it is nobody's child here.
    const loop = 'for (const begin = Date.now(); Date.now() - begin < 1500; );';
    const { status } = spawnSync('sh', ['-c', `"$0" -e "$1" > /dev/null 2>&1 &`, process.execPath, loop]);
    expect(status).toBe(0);
    spin(1500);
    const share = otherShare(before, processors.read(), processors.count);
    // A whole processor, less what it waited for its start and for others.
    expect(share).toBeGreaterThan(0.3 / processors.count);
  });

  it('count this program’s own processes as its own', () => {
    const before = processors.read();
    const loop = 'while (process.cpuUsage().user < 300_000);';
    spawnSync(process.execPath, ['-e', loop]);
    const after = processors.read();
    if (process.platform === 'linux') expect(after.children - before.children).toBeGreaterThan(100);
  });
});
