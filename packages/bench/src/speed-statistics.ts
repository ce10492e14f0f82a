/** Statistics of timings, apart from the timing itself. All times are ms per image. */
import type { SpeedRecord } from '@vssm/results';

/** Linear between neighbours (Hyndman and Fan's type 7). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function timeStatistics(
  samplesMs: readonly number[],
): Pick<SpeedRecord, 'samplesMs' | 'medianMs' | 'minMs' | 'maxMs' | 'spread'> {
  const medianMs = median(samplesMs);
  return {
    samplesMs: [...samplesMs],
    medianMs,
    minMs: Math.min(...samplesMs),
    maxMs: Math.max(...samplesMs),
    spread: (quantile(samplesMs, 0.75) - quantile(samplesMs, 0.25)) / medianMs,
  };
}

/**
 * The speed-up is the median of the ratios within rounds, not the ratio of medians: whatever slows the machine
 * for a while slows both models of a round.
 *
 * @param against key of the dense record
 */
export function pairedSpeedup(
  against: string,
  denseSamplesMs: readonly number[],
  samplesMs: readonly number[],
): NonNullable<SpeedRecord['speedup']> {
  const ratios = denseSamplesMs.map((dense, round) => dense / samplesMs[round]);
  return {
    against,
    denseSamplesMs: [...denseSamplesMs],
    median: median(ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
  };
}
