/**
 * UTR (text of arXiv 2410.14725; the released code differs): S = Σ max(0, y)/E of the scan's output, of all directions
 * together; the lower half of the tokens looks for the most similar in the upper half (cosine of the metric), and the
 * best links are taken. Half of those drop and half merge: the operation `half`.
 */
import type { Metric } from '../operation.ts';
import { halves } from './ordered-tome.ts';
import { inOrder, lowestFirst } from './ranking.ts';
import type { PairingRule } from './rule.ts';
import { linkFlops, linkProducts, metricRows, nearest, surestFirst } from './similarity.ts';
import { metricWidth } from './widths.ts';

export function utr(metric: Metric): PairingRule {
  return {
    name: 'utr',
    signals: ['ssm', metric],
    most: (others) => Math.min(Math.ceil(others / 2), others - 1),
    flops: (shape) => {
      const { length: L, channels: E } = shape;
      const scores = 2 * L * E + L + L * Math.ceil(Math.log2(L));
      return scores + linkFlops(...halves(shape), metricWidth(metric, shape));
    },
    paperFlops: (shape) => linkProducts(...halves(shape), metricWidth(metric, shape)),
    pair(tokens, leaving) {
      const ranked = lowestFirst(tokens.reduce(tokens.ssm, 'clip'), tokens);
      const half = Math.ceil(ranked.length / 2);
      const [lower, upper] = [ranked.slice(0, half), ranked.slice(half)].map(inOrder);
      const links = surestFirst(nearest(metricRows(tokens, metric), lower, upper));
      return links.slice(0, leaving).map(({ from, to }) => [from, to]);
    },
  };
}
