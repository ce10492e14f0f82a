/**
 * What several measurements of one thing come to: the middle and the middle half, mean and deviation, ratios within
 * rounds. Quantiles lie between neighbours (Hyndman and Fan's type 7, numpy's default).
 */
import * as d3 from 'd3-array';
import type { SpeedRecord } from './schema.ts';

export interface Spread {
  readonly median: number;
  /** 25th and 75th percentile. */
  readonly low: number;
  readonly high: number;
}

/** NaN where there is no value. */
export function quantile(values: readonly number[], share: number): number {
  return d3.quantile(values, share) ?? Number.NaN;
}

/** NaN where there is no value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** NaN where there is no value. */
export function mean(values: readonly number[]): number {
  return d3.mean(values) ?? Number.NaN;
}

/** Of a sample; null of fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  return d3.deviation(values) ?? null;
}

/**
 * The mean of differences between two things measured on the same images, with its 95 % interval: 1.96 standard
 * deviations over the root of their number. For a model that is right where another is wrong (1) or the other way round
 * (-1) that is Newcombe's method 1 (1998); there should be thousands.
 */
export function pairedMean(differences: readonly number[]): {
  readonly mean: number;
  readonly interval: readonly [number, number];
} {
  const middle = mean(differences);
  const squares = differences.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  const half = (1.96 * Math.sqrt(squares)) / differences.length;
  return { mean: middle, interval: [middle - half, middle + half] };
}

/** Median and quartiles, in the unit of the values. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** Within rounds: what slows a round slows both. */
function ratios(numerators: readonly number[], denominators: readonly number[]): number[] {
  return numerators.map((value, round) => value / denominators[round]);
}

/** Of the ratios within rounds, not the ratio of medians. */
export function ratioOf(numerators: readonly number[], denominators: readonly number[]): Spread {
  return spreadOf(ratios(numerators, denominators));
}

/** @param samplesMs per image */
export function timeStatistics(
  samplesMs: readonly number[],
): Pick<SpeedRecord, 'samplesMs' | 'medianMs' | 'minMs' | 'maxMs' | 'spread'> {
  const { median: medianMs, low, high } = spreadOf(samplesMs);
  return {
    samplesMs: [...samplesMs],
    medianMs,
    minMs: Math.min(...samplesMs),
    maxMs: Math.max(...samplesMs),
    spread: (high - low) / medianMs,
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
  const gains = ratios(denseSamplesMs, samplesMs);
  return {
    against,
    denseSamplesMs: [...denseSamplesMs],
    median: median(gains),
    min: Math.min(...gains),
    max: Math.max(...gains),
  };
}
