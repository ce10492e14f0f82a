import { describe, expect, it } from 'vitest';
import type { Evidence } from './evidence.ts';
import { gatherEvidence } from './gather.ts';
import { furtherThreads } from './processors.ts';
import { writeMadeUpRun } from './test-support/made-up.ts';

const { profiles } = gatherEvidence([writeMadeUpRun().folder], []);

/** The made-up profiles on a machine with these rates, by the number of threads. */
function withRates(rates: Readonly<Record<number, number>>): Pick<Evidence, 'profiles'> {
  const roofs = Object.entries(rates).map(([threads, gflopsPerSecond]) => ({
    threads: Number(threads),
    gflopsPerSecond,
    gigabytesPerSecond: 10,
  }));
  return { profiles: profiles.map((entry) => ({ ...entry, record: { ...entry.record, roofs } })) };
}

describe('further threads', () => {
  it('are no cores where they share one', () => {
    expect(furtherThreads(withRates({ 1: 140, 2: 132 }))).toEqual([
      expect.stringMatching(
        /: 2 threads multiply matrices at 0.94 times the rate of one, so they are not 2 cores/,
      ),
    ]);
  });

  it('are not spoken ill of where each is one', () => {
    expect(furtherThreads(withRates({ 1: 100, 4: 380 }))).toEqual([
      expect.stringMatching(/: 4 threads multiply matrices at 3.80 times the rate of one$/),
    ]);
  });

  it('are not spoken of where only one was measured', () => {
    expect(furtherThreads(withRates({ 1: 100 }))).toEqual([]);
    expect(furtherThreads({ profiles: [] })).toEqual([]);
  });
});
