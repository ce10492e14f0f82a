/** Which mode suits a form best on this machine, so that no rival is held back by a setting. */
import type { SpeedRecord } from '@vssm/results';
import { candidateModes, type Mode } from './modes.ts';
import { openRival, type RivalSetup } from './rival.ts';

export type Trial = NonNullable<SpeedRecord['execution']>['calibration'][number];

/** A first run longer than this is not run again: what it takes to warm up is nothing beside it. */
const slowRunMs = 4000;

/** Runs of one mode after the first; the least time counts. */
const runsOfMode = 3;

/**
 * Tries every mode; null when stopped.
 *
 * @param advance told after each mode, with its share of the whole
 */
export async function calibrateMode(
  setup: RivalSetup,
  threads: number,
  { stopping, advance }: { readonly stopping: () => boolean; readonly advance: (share: number) => void },
): Promise<{ readonly best: Mode; readonly trials: Trial[] } | null> {
  const modes = candidateModes(threads);
  const trials: Trial[] = [];
  for (const sameThreads of Map.groupBy(modes, ({ cores }) => cores).values()) {
    if (stopping()) return null;
    const rival = await openRival(setup, sameThreads[0]);
    try {
      for (const mode of sameThreads) {
        if (stopping()) return null;
        trials.push({ ...mode, msPerImage: (await leastTime(() => rival.run(mode.batch))) / mode.batch });
        advance(1 / modes.length);
      }
    } finally {
      await rival.dispose();
    }
  }
  return { best: bestMode(trials), trials };
}

/** Modes this close to the fastest are as good. */
const nearlyAsFast = 1.03;

/** Of modes as good as the fastest the one with most images: a long run suffers least from what ran before it. */
export function bestMode(trials: readonly Trial[]): Mode {
  const least = Math.min(...trials.map(({ msPerImage }) => msPerImage));
  const good = trials.filter(({ msPerImage }) => msPerImage <= nearlyAsFast * least);
  const { msPerImage: _, ...mode } = good.reduce((most, trial) => (trial.batch > most.batch ? trial : most));
  return mode;
}

async function leastTime(run: () => Promise<void>): Promise<number> {
  const timed = async () => {
    const started = performance.now();
    await run();
    return performance.now() - started;
  };
  const first = await timed();
  if (first > slowRunMs) return first;
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < runsOfMode; turn++) least = Math.min(least, await timed());
  return least;
}
