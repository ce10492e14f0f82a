/**
 * Like MTR (arXiv 2507.14042, abstract; no code is published): by the Δ score tokens fall into three groups, those that
 * leave, those that they join, and those that stay untouched; each leaving one joins the most similar of the second
 * group. Not published, and therefore ours: that the lowest scores leave, that the lower half of the others is joined,
 * and the tensor that similarity is taken of.
 */
import type { Metric } from '../operation.ts';
import { deltaFlops, deltaScores } from './delta.ts';
import { inOrder, lowestFirst } from './ranking.ts';
import type { PairingRule, RuleShape } from './rule.ts';
import { linkFlops, linkProducts, metricRows, nearest, surestFirst } from './similarity.ts';
import { metricWidth } from './widths.ts';

/** Of the tokens that stay, the part that may be joined. */
const joinedShare = 1 / 2;

export function mtrLike(metric: Metric): PairingRule {
  return {
    name: 'mtr-like',
    signals: metric === 'delta' ? ['delta'] : ['delta', metric],
    flops: (shape) => {
      const { length: L } = shape;
      const own = linkFlops(shape.leaving, joined(shape), metricWidth(metric, shape));
      return deltaFlops(shape) + L * Math.ceil(Math.log2(L)) + own;
    },
    paperFlops: (shape) => linkProducts(shape.leaving, joined(shape), metricWidth(metric, shape)),
    pair(tokens, leaving) {
      const ranked = lowestFirst(deltaScores(tokens.delta, tokens), tokens);
      const end = leaving + joinedByMtr(ranked.length - leaving);
      const [sources, targets] = [ranked.slice(0, leaving), ranked.slice(leaving, end)].map(inOrder);
      const links = surestFirst(nearest(metricRows(tokens, metric), sources, targets));
      return links.map(({ from, to }) => [from, to]);
    },
  };
}

/** Of so many tokens that stay, how many may be joined. */
export function joinedByMtr(staying: number): number {
  return Math.ceil(staying * joinedShare);
}

function joined({ length, protectedTokens, leaving }: RuleShape): number {
  return joinedByMtr(length - protectedTokens - leaving);
}
