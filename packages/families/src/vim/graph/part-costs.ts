/**
 * The parts of Vim's blocks; d, E, r, N, taps as in the model's spec, L the tokens that enter the block, K those that
 * leave it, P the protected ones, w what the classifier reads of each (d, or what a neck leaves of it).
 *
 * | part | operations | values in and out | parameters |
 * | --- | --- | --- | --- |
 * | embed | 2·M·C·p²·d + M·d + L·d, norm 4·L·d, in_proj 2·L·d·2E | C·H·W in; L·d, L·2E out | C·p²·d + d, (M+P)·d, d, d·2E |
 * | convolution | 2·(2·taps·L·E + L·E) | 2·L·E in; 2·L·E out | 2·E·(taps + 1) |
 * | projections | 2·(2·L·E·(r+2N) + 2·L·r·E) | 2·L·E in; 2·L·(r+2N), 2·L·E out | 2·(E·(r+2N) + r·E) |
 * | scan | 2·(2·L·E + 7·L·E·N + 3·L·E + L·E), + 4·L·E with decay over gaps, SiLU and mean 3·L·E (sum 2·L·E), scores | 2·(2·L·E + 2·L·N), y read once, z in: 2·L·E; y out twice: 2·L·E | 2·E·(N + 2) |
 * | pruning | L·ceil(log2 L) comparisons of scores, merging, 2·K·d | L scores, K·(E + d) in; K·(E + d) out | – |
 * | inter-scan | out_proj 2·K·E·d, add K·d, norm 4·K·d, in_proj 2·K·d·2E | K·E, K·d in; K·d, K·2E out | E·d, d, d·2E |
 * | head | P·(2·E·d, add d, norm 4·d), neck 2·P·d·w and norm 4·P·w, 2·P·w·classes + classes | P·(E + d) in; classes out | E·d, d, neck d·w and P·w, P·w·classes + classes |
 */
import type { PruningPlan } from '@vssm/core';
import type { CountedPart, FamilyGraphs, SegmentPart } from '../../family.ts';
import { scoring, selecting } from '../../graph/scoring.ts';
import { stepWidths, strictHead } from '../flops.ts';
import { patchCount } from '../spec.ts';
import { type BidirectionalSpec, type BidirectionalTraits, fullLength, readWidth } from '../traits.ts';

export const bidirectionalPartCost =
  <Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>): FamilyGraphs<Spec>['partCost'] =>
  (spec, plan, part, block, lengths) =>
    partCost(traits, spec, plan, part, block, lengths);

function partCost<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  plan: PruningPlan,
  part: SegmentPart,
  block: number,
  [L, K]: readonly [number, number],
): CountedPart {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel: taps, classes } = spec;
  const norm = 4 * d;
  const full = fullLength(traits, spec);
  const widths = stepWidths(traits, spec);
  switch (part) {
    case 'embed': {
      const patches = patchCount(spec);
      const patchValues = spec.inChannels * spec.patchSize ** 2;
      return {
        tokens: L,
        flops: 2 * patches * patchValues * d + patches * d + L * d + L * norm + 2 * L * d * 2 * E,
        values: spec.inChannels * spec.imageHeight * spec.imageWidth + L * d + L * 2 * E,
        parameters: patchValues * d + d + full * d + d + d * 2 * E,
      };
    }
    case 'convolution':
      return {
        tokens: L,
        flops: 2 * (2 * taps * L * E + L * E),
        values: 4 * L * E,
        parameters: 2 * E * (taps + 1),
      };
    case 'projections':
      return {
        tokens: L,
        flops: 2 * (2 * L * E * (r + 2 * N) + 2 * L * r * E),
        values: 4 * L * E + 2 * L * (r + 2 * N),
        parameters: 2 * (E * (r + 2 * N) + r * E),
      };
    case 'scan': {
      const decays = plan.alignment === 'decay' && L < full;
      // SiLU, and the directions' sum or mean.
      const gateAndJoin = traits.share === 1 ? 2 : 3;
      const direction = 2 * L * E + 7 * L * E * N + 3 * L * E + L * E + (decays ? 2 * L * E : 0);
      return {
        tokens: L,
        flops: 2 * direction + gateAndJoin * L * E + scoring(widths, plan, block, [L, K]),
        values: 2 * (2 * L * E + 2 * L * N) + 4 * L * E,
        parameters: 2 * E * (N + 2),
      };
    }
    case 'pruning':
      return {
        tokens: L,
        flops: selecting(widths, plan, [L, K], 2),
        values: L + 2 * K * (E + d),
        parameters: 0,
      };
    case 'inter-scan':
      return {
        tokens: K,
        flops: 2 * K * E * d + K * d + K * norm + 2 * K * d * 2 * E,
        values: K * E + 2 * K * d + K * 2 * E,
        parameters: E * d + d + d * 2 * E,
      };
    case 'head': {
      const read = traits.protectedTokens(spec).length;
      const narrow = readWidth(traits, spec);
      const neck = traits.reduction(spec) > 1 ? d * narrow + read * narrow : 0;
      return {
        tokens: K,
        flops: 2 * read * E * d + strictHead(traits, spec),
        values: read * (E + d) + classes,
        parameters: E * d + d + neck + read * narrow * classes + classes,
      };
    }
    default:
      throw part satisfies never;
  }
}
