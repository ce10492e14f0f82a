/** What the parts of every family count alike. */
import { type PruningPlan, pruningFlops, type StepWidths, strictScoring } from '@vssm/core';

type Lengths = readonly [L: number, K: number];

/** Scores and pairs are made from what the scan has just written, and their time is counted as the scan's. */
export function scoring(widths: StepWidths, plan: PruningPlan, block: number, lengths: Lengths): number {
  const scored = plan.schedule.some(({ after }) => after === block);
  return scored ? strictScoring(widths, plan, stepLengths(lengths)) : 0;
}

/** What a step costs besides: a sort of the scores, merging, and moving the rows of `streams` streams. */
export function selecting(widths: StepWidths, plan: PruningPlan, lengths: Lengths, streams: number): number {
  const step = stepLengths(lengths);
  return pruningFlops('strict', widths, plan, step, streams) - strictScoring(widths, plan, step);
}

function stepLengths([length, kept]: Lengths) {
  return { length, moved: kept, leaving: length - kept };
}
