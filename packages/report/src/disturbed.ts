/** Timings beside which other programs used too much of the machine: they decide nothing, and the report says so. */
import type { SpeedRecord } from '@vssm/results';
import { ratioOf, type Spread } from '@vssm/results/statistics';
import { points } from './format.ts';
import { html, type Markup } from './html.ts';

type Timed = Pick<SpeedRecord, 'otherWork'>;

/** Largest share that other work took of the processors, 0 … 1; null where no timing was disturbed, or none says. */
export function disturbance(timed: readonly Timed[]): number | null {
  const shares = timed.flatMap(({ otherWork }) => (otherWork?.disturbed ? [otherWork.share] : []));
  return shares.length === 0 ? null : Math.max(...shares);
}

export function disturbedWords(share: number): string {
  return `disturbed: other work took ${points(100 * share, 0)} % of the processors`;
}

/** A line for a cell of a table. */
export function disturbedMark(timed: readonly Timed[]): Markup | null {
  const share = disturbance(timed);
  return share === null ? null : html`<small class="line disturbed">${disturbedWords(share)}</small>`;
}

/** Processor time of one over that of another, round by round; null where it is not recorded. */
export function processorRatio(
  a: Pick<SpeedRecord, 'processorMs' | 'batch'>,
  b: Pick<SpeedRecord, 'processorMs' | 'batch'>,
): Spread | null {
  if (a.processorMs === undefined || b.processorMs === undefined) return null;
  return ratioOf(a.processorMs, b.processorMs);
}

/** By how much less processor time a pruned model takes than the dense one; null where it is not recorded. */
export function processorGain({ processorMs, speedup }: SpeedRecord): Spread | null {
  if (processorMs === undefined || speedup?.denseProcessorMs === undefined) return null;
  return ratioOf(speedup.denseProcessorMs, processorMs);
}
