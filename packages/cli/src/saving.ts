/** The line of `vssm flops` that says what pruning saves. */
import type { PruningPlan } from '@vssm/core';

/** What pruning saves of the model's FLOPs; nothing to say where nothing is pruned. */
export function saving({ schedule }: PruningPlan, pruned: number, unpruned: number): [string, string][] {
  if (schedule.length === 0) return [];
  const share = 100 * (1 - pruned / unpruned);
  return [['saving', `${share.toFixed(1)} % of ${(unpruned / 1e9).toFixed(3)} unpruned`]];
}
