/** How many tokens every block of a model has under a plan, and which of them go on. */
import type { PruningPlan } from '@vssm/core';
import { tokenCounts, tokenLayout, tokensPerBlock } from '@vssm/families';
import { leavingBlocks, type TrainingTask } from '../task.ts';
import type { BlockRows } from './programs.ts';

/** Rows of each block, and what is selected of them; under `mask` they all stay. */
export function blockRows(
  task: TrainingTask,
  { plan, batch }: { readonly plan: PruningPlan; readonly batch: number },
  refillsMasked: boolean,
): readonly BlockRows[] {
  const spec = task.backbone;
  const left = new Set(leavingBlocks(task, plan).map(({ block }) => block));
  const masked = plan.alignment === 'mask';
  const lengths = tokensPerBlock(spec, plan);
  const after = [...lengths.slice(1), tokenCounts(spec, plan).at(-1)!];
  return lengths.map((length, block): BlockRows => {
    const rows = batch * (masked ? lengths[0] : length);
    const leaves = left.has(block);
    const read = tokenLayout(spec).protectedTokens.length;
    if (block === spec.depth - 1) {
      if (task.taps.length > 0) return { rows, leaves, selection: { kind: 'all' } };
      if (read > 0) return { rows, leaves, selection: { kind: 'gather', rowsAfter: batch * read } };
    }
    const steps = plan.schedule.filter((step) => step.after <= block + 1);
    const here = steps.some((step) => step.after === block + 1);
    if (masked)
      return {
        rows,
        leaves,
        selection: here || (refillsMasked && steps.length > 0) ? { kind: 'mask' } : { kind: 'all' },
      };
    if (!here) return { rows, leaves, selection: { kind: 'all' } };
    return { rows, leaves, selection: { kind: 'gather', rowsAfter: batch * after[block] } };
  });
}
