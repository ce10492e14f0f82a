/**
 * Ordered ToMe, R-MeeTo's (code: NUS-HPC-AI-Lab/R-MeeTo): of the tokens but the protected ones, those in even places
 * look for the most similar in an odd place (cosine of the metric), and the most similar pairs go together. The order
 * of the tokens stays.
 */
import type { Metric } from '../operation.ts';
import { unprotected } from './ranking.ts';
import type { PairingRule } from './rule.ts';
import { linkFlops, linkProducts, metricRows, nearest, surestFirst } from './similarity.ts';
import { metricWidth } from './widths.ts';

export function orderedTome(metric: Metric): PairingRule {
  return {
    name: 'tome',
    signals: [metric],
    most: (others) => Math.min(Math.ceil(others / 2), others - 1),
    flops: (shape) => linkFlops(...halves(shape), metricWidth(metric, shape)),
    paperFlops: (shape) => linkProducts(...halves(shape), metricWidth(metric, shape)),
    pair(tokens, leaving) {
      const others = unprotected(tokens);
      const [even, odd] = [0, 1].map((parity) => others.filter((_, i) => i % 2 === parity));
      const links = surestFirst(nearest(metricRows(tokens, metric), even, odd));
      return links.slice(0, leaving).map(({ from, to }) => [from, to]);
    },
  };
}

export function halves(shape: {
  readonly length: number;
  readonly protectedTokens: number;
}): [number, number] {
  const others = shape.length - shape.protectedTokens;
  return [Math.ceil(others / 2), Math.floor(others / 2)];
}
