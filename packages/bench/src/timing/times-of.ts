/** What was timed, as a speed record holds it. */
import type { SpeedRecord } from '@vssm/results';
import { pairedSpeedup, timeStatistics } from '@vssm/results/statistics';
import type { Interleaved } from './interleaved.ts';

export type RecordedTimes = Pick<
  SpeedRecord,
  'samplesMs' | 'medianMs' | 'minMs' | 'maxMs' | 'spread' | 'speedup' | 'processorMs' | 'otherWork'
>;

/**
 * Of one of the runs, ms per image.
 *
 * @param batches images of each run
 * @param dense the run that the speed-up is over, with the key of its record; null for that one itself
 */
export function timesOf(
  { ms, processorMs, otherWork }: Interleaved,
  batches: readonly number[],
  run: number,
  dense: { readonly arm: number; readonly key: string } | null,
): RecordedTimes {
  const perImage = (rounds: readonly (readonly number[])[], of: number) =>
    rounds.map((round) => round[of] / batches[of]);
  const samplesMs = perImage(ms, run);
  return {
    ...timeStatistics(samplesMs),
    speedup: dense && {
      ...pairedSpeedup(dense.key, perImage(ms, dense.arm), samplesMs),
      ...(processorMs !== null && { denseProcessorMs: perImage(processorMs, dense.arm) }),
    },
    ...(processorMs !== null && { processorMs: perImage(processorMs, run) }),
    otherWork,
  };
}
