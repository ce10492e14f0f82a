/** What lengths alone tell of a plan whose rule pairs tokens: whether each step finds as many destinations as it needs. */
import { UserError } from '../errors.ts';
import { type CountRule, keptCount } from './counts.ts';
import type { PruningPlan } from './plan.ts';
import { ruleOf } from './rules/loaded.ts';
import { allButOne, checkLeaving } from './rules/pair-tokens.ts';
import type { GridSides, PairingRule } from './rules/rule.ts';
import { formatSchedule } from './schedule.ts';

/** A model's unpruned sequence: its length, and how many of its tokens never leave. */
export interface SequenceShape {
  readonly length: number;
  readonly protectedTokens: number;
  /** Of its cells. */
  readonly grid: GridSides;
}

/** @throws UserError that names the first step that lets more tokens leave than the rule can place, and a ratio that fits */
export function checkSteps(
  plan: PruningPlan,
  { length, protectedTokens, grid }: SequenceShape,
  count: CountRule,
): void {
  if (plan.schedule.length === 0) return;
  const rule = ruleOf(plan);
  if (rule.pair === undefined) return;
  let living = length;
  let sides = grid;
  for (const { after, keep } of plan.schedule) {
    const kept = keptCount(living, keep, count);
    const others = living - protectedTokens;
    const least = leastKeep(rule, living, others, count);
    checkLeaving(
      rule,
      others,
      living - kept,
      after,
      `there ${formatSchedule([{ after, keep: least }])} fits`,
    );
    if (rule.grid !== undefined) sides = rule.grid(sides, kept) ?? noGrid(rule, sides, after, kept, count);
    living = kept;
  }
}

function noGrid(
  { name, grid }: PairingRule,
  { height, width }: GridSides,
  after: number,
  kept: number,
  count: CountRule,
): never {
  const living = height * width;
  const ratios = Array.from({ length: 1000 }, (_, i) => (i + 1) / 1000);
  const fitting = ratios.filter(
    (keep) => grid!({ height, width }, keptCount(living, keep, count)) !== undefined,
  );
  const near = fitting.reduce((best, keep) =>
    Math.abs(keep - kept / living) < Math.abs(best - kept / living) ? keep : best,
  );
  const left = keptCount(living, near, count);
  const sides = grid!({ height, width }, left)!;
  throw new UserError(
    `rule "${name}": ${kept} tokens are to stay after block ${after}, which fill no smaller grid of ${height}x${width} with sides at least half as long; there ${formatSchedule([{ after, keep: near }])} leaves ${left}, ${sides.height}x${sides.width}`,
  );
}

/** The lowest ratio, in hundredths, at which no more tokens leave than the rule can place. */
function leastKeep(
  { most = allButOne }: PairingRule,
  living: number,
  others: number,
  count: CountRule,
): number {
  let hundredths = 1;
  while (hundredths < 100 && living - keptCount(living, hundredths / 100, count) > most(others)) hundredths++;
  return hundredths / 100;
}
