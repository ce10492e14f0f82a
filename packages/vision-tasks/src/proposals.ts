/** Mask R-CNN's proposals: the best anchors of every level, decoded, without overlap within a level. */
import { type AnchorMaps, anchorBoxes, candidateScores } from './anchor-candidates.ts';
import { best } from './best.ts';
import type { Size } from './maps.ts';
import type { MaskRcnnSpec } from './model/spec.ts';
import { type Candidates, nonMaximumSuppression } from './nms.ts';

export interface Proposals {
  /** [n, 4], pixels of the network's input, by falling score. */
  readonly boxes: Float64Array;
  /** [n] */
  readonly scores: Float64Array;
}

/** The candidates of all levels before suppression; `groups` are the levels. */
export function proposalCandidates(
  { anchors, proposals }: MaskRcnnSpec,
  levels: readonly AnchorMaps[],
  image: Size,
): Candidates {
  const parts = levels.map(({ scores: logits, deltas }, level) => {
    const scores = candidateScores(logits);
    // A level with no more than the limit stays in raster order.
    const chosen = scores.length > proposals.perLevel ? best(scores, proposals.perLevel) : [...scores.keys()];
    return {
      boxes: anchorBoxes(anchors, anchors.strides[level], deltas, chosen, image),
      scores: Float64Array.from(chosen, (index) => scores[index]),
      groups: new Int32Array(chosen.length).fill(level),
    };
  });
  return joinCandidates(parts);
}

/** @param image size before padding */
export function propose(spec: MaskRcnnSpec, levels: readonly AnchorMaps[], image: Size): Proposals {
  const candidates = proposalCandidates(spec, levels, image);
  const kept = keptProposals(spec, candidates).slice(0, spec.proposals.perImage);
  return pick(candidates, kept);
}

/** Indices of the candidates that have an area and survive suppression, by falling score. */
export function keptProposals({ proposals }: MaskRcnnSpec, candidates: Candidates): number[] {
  const { boxes, scores } = candidates;
  const withArea = [...scores.keys()].filter(
    (i) => boxes[4 * i + 2] > boxes[4 * i] && boxes[4 * i + 3] > boxes[4 * i + 1],
  );
  return nonMaximumSuppression(candidates, proposals.iouThreshold, withArea);
}

export function joinCandidates(parts: readonly Candidates[]): Candidates {
  const total = parts.reduce((sum, { scores }) => sum + scores.length, 0);
  const joined = {
    boxes: new Float64Array(4 * total),
    scores: new Float64Array(total),
    groups: new Int32Array(total),
  };
  let at = 0;
  for (const { boxes, scores, groups } of parts) {
    joined.boxes.set(boxes, 4 * at);
    joined.scores.set(scores, at);
    joined.groups.set(groups, at);
    at += scores.length;
  }
  return joined;
}

export function pick({ boxes, scores }: Candidates, kept: readonly number[]): Proposals {
  return {
    boxes: Float64Array.from({ length: 4 * kept.length }, (_, i) => boxes[4 * kept[i >> 2] + (i % 4)]),
    scores: Float64Array.from(kept, (index) => scores[index]),
  };
}
