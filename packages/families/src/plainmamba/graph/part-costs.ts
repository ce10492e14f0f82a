/**
 * PlainMamba's parts; d, E, r, N, k as in the model's spec, L the tokens that enter the layer, K those that leave
 * it, S the stem's pixels and w its channels. The scan is counted as core's strict profile does, every direction with
 * its own exponentials, though the kernel computes those once where no gaps lie between.
 *
 * | part | operations | values in and out | parameters |
 * | --- | --- | --- | --- |
 * | embed | 2·S·C·49·w + n·2·S·w²·9 + (n+1)·2·S·w + 2·L·(P/2)²·w·d + 2·L·d, norm 7·L·d, in_proj 2·L·d·2E + L·2E | C·H·W in; L·d, L·2E out | 49·C·w + n·9·w² + (n+1)·w + (P/2)²·w·d + d + L·d, 2d, d·2E + 2E |
 * | convolution | 2·k²·L·E + L·E | L·E in; L·E out | E·(k² + 1) |
 * | projections | 2·L·E·(r+2N) + 2·L·r·E | L·E in; L·(r+2N), L·E out | E·(r+2N) + r·E |
 * | scan | 2·L·E + 4·(L·N + 7·L·E·N + 3·L·E, + 2·L·E with decay over gaps) + 3·L·E, SiLU and gate 2·L·E, scores | 3·L·E + 2·L·N in; L·E out | E·(N + 2) + 5·N |
 * | pruning | L·ceil(log2 L) comparisons, K·d | L scores, K·(E + d) in; K·(E + d) out | – |
 * | inter-scan | out_proj 2·K·E·d + K·d, add K·d, norm 7·K·d, in_proj 2·K·d·2E + K·2E; a layer's own convolution 18·K·d + GELU K·d | K·E, K·d in; K·d, K·2E out; 2·K·d with a convolution | E·d + d, 2d, d·2E + 2E; 10·d |
 * | head | out_proj 2·K·E·d + K·d, add K·d, norm 7·K·d, mean K·d + d, 2·d·classes + classes | K·E + K·d in; classes out | E·d + d, 2d, d·classes + classes |
 */
import { type PruningPlan, scanDirections } from '@vssm/core';
import type { CountedPart, SegmentPart } from '../../family.ts';
import { scoring, selecting } from '../../graph/scoring.ts';
import { stepWidths } from '../flops.ts';
import { cellCount, type PlainMambaSpec, stemSize } from '../spec.ts';

export function plainMambaPartCost(
  spec: PlainMambaSpec,
  plan: PruningPlan,
  part: SegmentPart,
  block: number,
  [L, K]: readonly [number, number],
): CountedPart {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel: k, classes } = spec;
  const outAndAdd = 2 * K * E * d + 2 * K * d;
  const norm = 7 * d;
  const widths = stepWidths(spec);
  switch (part) {
    case 'embed':
      return embed(spec, L);
    case 'convolution':
      return {
        tokens: L,
        flops: 2 * k ** 2 * L * E + L * E,
        values: 2 * L * E,
        parameters: E * (k ** 2 + 1),
      };
    case 'projections':
      return {
        tokens: L,
        flops: 2 * L * E * (r + 2 * N) + 2 * L * r * E,
        values: 2 * L * E + L * (r + 2 * N),
        parameters: E * (r + 2 * N) + r * E,
      };
    case 'scan': {
      const decays = plan.alignment === 'decay' && L < cellCount(spec);
      const direction = L * N + 7 * L * E * N + 3 * L * E + (decays ? 2 * L * E : 0);
      return {
        tokens: L,
        flops: 2 * L * E + scanDirections * direction + 5 * L * E + scoring(widths, plan, block, [L, K]),
        values: 4 * L * E + 2 * L * N,
        parameters: E * (N + 2) + 5 * N,
      };
    }
    case 'pruning':
      return {
        tokens: L,
        flops: selecting(widths, plan, [L, K], 1),
        values: L + 2 * K * (E + d),
        parameters: 0,
      };
    case 'inter-scan': {
      const convolves = spec.depthwiseLayers.includes(block - 1);
      return {
        tokens: K,
        flops: outAndAdd + K * norm + 2 * K * d * 2 * E + K * 2 * E + (convolves ? 19 * K * d : 0),
        values: K * E + 2 * K * d + K * 2 * E + (convolves ? 2 * K * d : 0),
        parameters: E * d + d + 2 * d + d * 2 * E + 2 * E + (convolves ? 10 * d : 0),
      };
    }
    case 'head':
      return {
        tokens: K,
        flops: outAndAdd + K * norm + K * d + d + 2 * d * classes + classes,
        values: K * E + K * d + classes,
        parameters: E * d + d + 2 * d + d * classes + classes,
      };
    default:
      throw part satisfies never;
  }
}

/** Stem with its BatchNorms folded in (bias and ReLU are left), projection, position embedding; norm and in_proj. */
function embed(spec: PlainMambaSpec, L: number): CountedPart {
  const { width: d, innerWidth: E, inChannels: C, stemWidth: w, stemConvs: n } = spec;
  const { height, width } = stemSize(spec);
  const pixels = height * width;
  const cell = (spec.patchSize / 2) ** 2 * w;
  const convolutions = 2 * pixels * w * (49 * C + n * 9 * w) + (n + 1) * 2 * pixels * w;
  const tokens = 2 * L * cell * d + 2 * L * d;
  return {
    tokens: L,
    flops: convolutions + tokens + 7 * L * d + 2 * L * d * 2 * E + L * 2 * E,
    values: C * spec.imageHeight * spec.imageWidth + L * d + L * 2 * E,
    parameters: w * (49 * C + n * 9 * w + n + 1) + cell * d + d + L * d + 2 * d + d * 2 * E + 2 * E,
  };
}
