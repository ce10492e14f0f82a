/** The difference of two means over a few runs each, such as seeds. A file of its own: a page in a browser needs none of it. */
import jstat from 'jstat';
import { mean, standardDeviation } from './statistics.ts';

/**
 * 95 % interval of the difference of two means, `a` minus `b`, by Welch's t: the samples may spread differently.
 * Null where one of them has fewer than two values.
 */
export function welchInterval(a: readonly number[], b: readonly number[]): [number, number] | null {
  const errors = [a, b].map((values) => {
    const spread = standardDeviation(values);
    return spread === null ? null : spread ** 2 / values.length;
  });
  if (errors[0] === null || errors[1] === null) return null;
  const gain = mean(a) - mean(b);
  const variance = errors[0] + errors[1];
  if (variance === 0) return [gain, gain];
  const degrees = variance ** 2 / (errors[0] ** 2 / (a.length - 1) + errors[1] ** 2 / (b.length - 1));
  const half = jstat.studentt.inv(0.975, degrees) * Math.sqrt(variance);
  return [gain - half, gain + half];
}
