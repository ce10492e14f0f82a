/**
 * A rule that scores, under an operation that merges: the lowest scores leave, as when they are dropped, and each joins
 * the most similar of the tokens that stay (cosine of the metric). Ours.
 */
import type { Metric } from '../operation.ts';
import { inOrder, lowestFirst } from './ranking.ts';
import type { PairingRule, RuleShape, ScoringRule } from './rule.ts';
import { linkFlops, linkProducts, metricRows, nearest, surestFirst } from './similarity.ts';
import { metricWidth } from './widths.ts';

/** @param scores of the rule, checked by whoever calls it */
export function matched(rule: ScoringRule, metric: Metric): PairingRule {
  const { name, signals, explanation } = rule;
  const staying = (shape: RuleShape) => shape.length - shape.protectedTokens - shape.leaving;
  return {
    name,
    signals: [...new Set([...signals, metric])],
    ...(explanation !== undefined && { explanation }),
    flops: (shape) => {
      const { length: L } = shape;
      const own = linkFlops(shape.leaving, staying(shape), metricWidth(metric, shape));
      return (rule.flops?.(shape) ?? 0) + L * Math.ceil(Math.log2(L)) + own;
    },
    paperFlops: (shape) =>
      (rule.paperFlops?.(shape) ?? 0) +
      linkProducts(shape.leaving, staying(shape), metricWidth(metric, shape)),
    pair(tokens, leaving) {
      const ranked = lowestFirst(rule.score(tokens), tokens);
      const [sources, targets] = [ranked.slice(0, leaving), ranked.slice(leaving)].map(inOrder);
      const links = surestFirst(nearest(metricRows(tokens, metric), sources, targets));
      return links.map(({ from, to }) => [from, to]);
    },
  };
}
